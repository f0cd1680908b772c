"""A slow way to a server: carries TCP connections, each piece late by DELAY plus a share of JITTER ms.

    relay.py PORT HOST:PORT DELAY_MS JITTER_MS

Each direction of each connection draws its own lateness anew for every piece, so pieces of one connection keep their
order, as TCP promises, and those of different connections do not. SWARMLAB_SEED repeats the draws.
"""
import asyncio
import os
import random
import sys

PIECE = 1 << 16
IN_FLIGHT = 64  # pieces a direction: more, and the sender waits


async def carry(reader, writer, delay, jitter, chance):
    loop = asyncio.get_running_loop()
    way = asyncio.Queue(IN_FLIGHT)

    async def deliver():
        while True:
            due, piece = await way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def collect():
        piece = b"-"
        while piece:
            piece = await reader.read(PIECE)
            await way.put((loop.time() + delay + jitter * chance.random(), piece))

    try:
        await asyncio.gather(collect(), deliver())
    except OSError:
        pass  # one side is gone
    finally:
        writer.close()


async def main(port, target, delay_ms, jitter_ms):
    host, _, target_port = target.rpartition(":")
    chance = random.Random(os.environ.get("SWARMLAB_SEED"))

    async def accept(reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection(host, int(target_port))
        except OSError:
            writer.close()
            return
        delay, jitter = delay_ms / 1000, jitter_ms / 1000
        ways = [asyncio.ensure_future(carry(reader, there_writer, delay, jitter, chance)),
                asyncio.ensure_future(carry(there_reader, writer, delay, jitter, chance))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:  # one half is closed: ZeroMQ has no half-open connections
            way.cancel()
        for end in (writer, there_writer):
            end.close()

    server = await asyncio.start_server(accept, "0.0.0.0", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
