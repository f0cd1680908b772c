"""Writes train.txt and heldout.txt beside this file: little tales from a grammar, free for any use.

The two share words and grammar, not sentences. There is something to learn at every distance: spelling, word order,
names that come back, pronouns that agree with them, things that are counted down, and refrains.
"""

import random
from pathlib import Path

SHE = ["anna", "mira", "the miller's daughter", "the old queen", "ruth", "the baker", "ilse", "the ferrywoman"]
HE = ["tom", "the young smith", "oskar", "the king's cook", "the shepherd", "paul", "the night watchman", "emil"]
PLACES = ["the river", "the mill", "the dark forest", "the market", "the stone bridge", "the harbour", "the high tower", "the well"]
THINGS = ["key", "lantern", "loaf of bread", "letter", "silver spoon", "wooden box", "coin", "feather", "map", "bell"]
ADJECTIVES = ["small", "broken", "heavy", "golden", "forgotten", "strange", "warm", "blue", "worn", "bright"]
ANIMALS = ["fox", "goose", "hare", "raven", "goat", "cat", "wolf", "owl"]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven"]
WEATHER = ["it rained all day", "the snow lay deep", "the wind came from the north", "the sun was hot", "fog hid the hills"]
REFRAINS = ["who asks will be answered, and who waits will be fed.", "slow is the water, but it finds the sea."]


def article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def tale(rng):
    female = rng.random() < 0.5
    hero = rng.choice(SHE if female else HE)
    they, their, them = ("she", "her", "her") if female else ("he", "his", "him")
    thing, other = rng.sample(THINGS, 2)
    animal, (first, second) = rng.choice(ANIMALS), rng.sample(PLACES, 2)
    found = article(f"{rng.choice(ADJECTIVES)} {thing}")
    lines = [
        f"on {rng.choice(DAYS)} {hero} went to {first}, and {rng.choice(WEATHER)}.",
        rng.choice([f"there {they} found {found}.", f"{they} saw {found} on the ground and took it along."]),
        f"\"{rng.choice(['whose', 'what kind of'])} {thing} is this?\" {they} asked, but {first} {rng.choice(['was silent', 'gave no answer'])}.",
    ]
    if rng.random() < 0.6:
        lines += countdown(rng, animal, rng.choice(["nuts", "apples", "fish", "stones"]), they)
    if rng.random() < 0.7:
        lines.append(
            f"then {article(animal)} came and said: \"give me {their if rng.random() < 0.3 else 'the'} {thing}, "
            f"{hero if not hero.startswith('the') else 'friend'}, and i will show you the way to {second}.\""
        )
        lines.append(rng.choice([f"so {they} gave the {thing} to the {animal}.", f"but {they} kept the {thing} and went on alone."]))
    lines.append(f"at {second} {they} met {rng.choice(HE if female else SHE)}, who had lost {article(other)}.")
    lines.append(rng.choice([f"they looked for the {other} until the evening.", f"the {other} lay under a stone, and they laughed."]))
    lines.append(rng.choice([f"since then nobody has asked {them} for the {thing}.", f"{they} never went back to {first}.", rng.choice(REFRAINS)]))
    return " ".join(lines)


def countdown(rng, animal, food, they):
    number = rng.randint(2, 5)
    lines = [f"{they} had {NUMBERS[number + 1]} {food}."]
    for left in range(number, rng.randint(0, 1) - 1, -1):
        noun = food if left != 1 or food == "fish" else food[:-1]
        lines.append(f"the {animal} took one, and {NUMBERS[left]} {noun} {'was' if left == 1 else 'were'} left.")
    return lines


def write(path, seed, size):
    rng = random.Random(seed)
    text = ""
    while len(text) < size:
        text += tale(rng) + "\n\n"
    path.write_text(text[:size])


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    write(here / "train.txt", 1, 120_000)
    write(here / "heldout.txt", 2, 16_000)
