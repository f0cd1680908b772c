"""The guard: the parser must read the whole format, not just what the measured file happens to hold."""

import build

HEADER = "id,customer,country,amount,status,note\n"
CASES = [  # name, text, sum in cents
    ("a file without a byte", "", 0),
    ("a header alone", HEADER, 0),
    ("a header without a line end", HEADER.rstrip("\n"), 0),
    ("one row", HEADER + "1,Adler,de,12.34,paid,x\n", 1234),
    ("a last row without a line end", HEADER + "1,Adler,de,12.34,paid,x", 1234),
    ("lines that end in CR LF", HEADER.replace("\n", "\r\n") + "1,A,de,1.50,paid,x\r\n2,B,de,2.25,paid,\r\n", 375),
    ("blank lines", HEADER + "\n1,A,de,1.50,paid,x\n\n2,B,de,2.25,paid,x\n\n", 375),
    ("negative amounts, also between -1 and 0", HEADER + "1,A,de,-12.34,paid,x\n2,B,de,-0.07,paid,x\n", -1241),
    ("a plus sign", HEADER + "1,A,de,+3.10,paid,x\n", 310),
    ("no decimals, or one", HEADER + "1,A,de,12,paid,x\n2,B,de,7.5,paid,x\n3,C,de,-7.5,paid,x\n4,D,de,-3,paid,x\n", 900),
    ("an empty amount counts nothing", HEADER + "1,A,de,,paid,x\n2,B,de,1.00,paid,x\n", 100),
    ("a row that is too short counts nothing", HEADER + "1,A\n2,B,de\n3,C,de,1.00\n", 100),
    ("commas in quotes", HEADER + '1,"Cole, Dane",de,1.50,paid,"a,b,c"\n', 150),
    ("quotes in quotes", HEADER + '1,"Fox ""East"", Inc",de,1.50,paid,x\n2,"""",de,2.00,paid,x\n', 350),
    ("an amount in quotes", HEADER + '1,A,de,"1.50",paid,x\n2,"B,B",de,"-2",paid,x\n', -50),
    ("large amounts, exactly", HEADER + "1,A,de,999999999999.99,paid,x\n2,B,de,123456789.01,paid,x\n", 100012345678900),
    ("a line longer than any buffer", HEADER + f"1,A,de,1.50,paid,{'y' * 3_000_000}\n2,B,de,2.00,paid,x\n", 350),
    ("many rows", HEADER + "".join(f"{n},A,de,{n}.{n % 100:02d},paid,x\n" for n in range(20_000)), 19_999_990_000),
]


def main():
    build.close_to_children()
    folder = build.scratch()
    program = build.build(folder)
    failed = []
    for name, text, expected in CASES:
        path = folder / "case.csv"
        path.write_bytes(text.encode())
        found, _ = build.run(program, path)
        if found != expected:
            failed.append(f"{name}: the sum is {found}, expected {expected}")
    if failed:
        raise SystemExit("\n".join(failed))
    print(f"{len(CASES)} cases passed")


if __name__ == "__main__":
    main()
