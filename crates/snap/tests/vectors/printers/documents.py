"""Writes documents.json: JSON documents that exercise printers, the same ones every time."""
import json
import random

PIECES = [
    "a", "Z", "9", " ", "  ", "/", "\\", '"', "'", "<", ">", "&", "=", "\t", "\n", "\r", "\b", "\f",
    "é", "ß", "中", "☕", "😀", "𝄞", "\u2028", "\u2029", "\u00a0", "\ufeff", "\u007f", "\uffff",
    "{", "}", "[", "]", ":", ",", "\\u0041", "\\/", "//", "https://m.example/ok?x=1&y=2", "null",
]


def text(random_source):
    return "".join(random_source.choice(PIECES) for _ in range(random_source.randrange(0, 12)))


def value(random_source, depth):
    kind = random_source.randrange(0, 10 if depth < 4 else 7)
    if kind < 4:
        return text(random_source)
    if kind == 4:
        return random_source.choice([0, 1, -1, 15000, 9007199254740991, -42])
    if kind == 5:
        return random_source.choice([10.5, -0.25, 1.125])
    if kind == 6:
        return random_source.choice([None, True, False])
    if kind == 7:
        return [value(random_source, depth + 1) for _ in range(random_source.randrange(0, 4))]
    return members(random_source, depth + 1)


def members(random_source, depth):
    # Names that PHP could take for numbers or Node would sort are left out: no SDK sends any.
    # Never empty: PHP cannot tell an empty object from an empty array once it has been an array.
    count = random_source.randrange(1, 5)
    return {"k" + text(random_source) + str(i): value(random_source, depth) for i in range(count)}


FIXED = [
    {"a": "https://m.example/ok?x=1&y=<é>", "c": "p q"},
    {"additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP", "successPaymentUrl": "https://shop.example/ok?a=1&b=2",
                        "remarks": "Kopi \"élite\" \\ 1/2 kg ☕", "origin": None}},
    {"a": "\u2028 between \u2029", "b": "' = < > &", "c": "\\/ \\\\/ \\u0041"},
]

if __name__ == "__main__":
    source = random.Random(20260102)
    documents = FIXED + [members(source, 0) for _ in range(40)]
    with open("documents.json", "w", encoding="utf-8") as file:
        json.dump(documents, file, ensure_ascii=True)
