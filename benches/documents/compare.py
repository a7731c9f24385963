"""Compares the text of PDF documents with that of pdftotext: words found, and adjacent pairs of words found.

compare.py PDF_DIR TEXT_DIR[:NAME] ... prints a table; TEXT_DIR holds a file NAME.md or NAME.txt for each NAME.pdf.
Running headers, footers and page numbers of pdftotext's pages are left out on its side, since we leave them out.
"""

import collections
import pathlib
import re
import subprocess
import sys
import unicodedata

WORD = re.compile(r"[^\W_]+")
CJK = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff])")
MARGIN = 2


def key(line):
    """A line as it repeats on other pages: digits and Roman numerals aside."""
    line = re.sub(r"\d+", "#", " ".join(line.split()))
    return "#" if re.fullmatch(r"[ivxlcdm]+", line) else line


def without_running(text):
    """Leaves out the first and last lines of pages that repeat on at least three pages or hold only a page number."""
    pages = [page.split("\n") for page in text.split("\f")]
    counts = collections.Counter()
    numbers = collections.Counter()
    edges = []
    for index, page in enumerate(pages):
        full = [at for at, line in enumerate(page) if line.strip()]
        edge = sorted(set(full[:MARGIN] + full[-MARGIN:]))
        edges.append(edge)
        counts.update({key(page[at]) for at in edge})
        numbers.update({int(n) - index for at in edge for n in ends(page[at])})
    offset = numbers.most_common(1)[0][0] if numbers else None
    known = numbers[offset] >= max(3, 0.4 * len(pages)) if numbers else False
    for index, (page, edge) in enumerate(zip(pages, edges)):
        for at in edge:
            numbered = known and index + offset in {int(n) for n in ends(page[at])}
            if numbered or counts[key(page[at])] >= 3:
                page[at] = ""
    return "\n".join("\n".join(page) for page in pages)


def ends(line):
    words = line.split()
    return [word for word in words[:1] + words[-1:] if re.fullmatch(r"\d{1,5}", word)]


def words(text):
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2010", "-").replace("\u2011", "-")
    text = re.sub(r"(\w)[\u00ad-]\s*\n\s*(\w)", r"\1\2", text).replace("\u00ad", "")
    text = re.sub(r"(?<=\w)-(?=\w)", "", text)
    return WORD.findall(CJK.sub(r" \1 ", text))


def share(ours, theirs):
    ours, theirs = collections.Counter(ours), collections.Counter(theirs)
    total = sum(theirs.values())
    return sum((ours & theirs).values()), total


def pdftotext(path):
    return subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True).stdout.decode("utf-8", "replace")


def main():
    pdfs, *sides = sys.argv[1:]
    sides = [side.split(":") for side in sides]
    names = [side[-1] for side in sides]
    print("| document | words | " + " | ".join(f"{name}: words | pairs" for name in names) + " |")
    print("|---" * (2 + 2 * len(names)) + "|")
    sums = [[0, 0, 0, 0] for _ in sides]
    for pdf in sorted(pathlib.Path(pdfs).glob("*.pdf")):
        theirs = words(without_running(pdftotext(pdf)))
        cells = []
        for total, side in zip(sums, sides):
            files = [pathlib.Path(side[0], pdf.stem + end) for end in (".md", ".txt")]
            file = next((file for file in files if file.exists()), None)
            ours = words(file.read_text("utf-8", "replace")) if file else []
            found = share(ours, theirs) + share(zip(ours, ours[1:]), zip(theirs, theirs[1:]))
            for at, number in enumerate(found):
                total[at] += number
            cells += [f"{found[0] / max(1, found[1]):.3f}", f"{found[2] / max(1, found[3]):.3f}"]
        print(f"| {pdf.stem} | {len(theirs)} | " + " | ".join(cells) + " |")
    cells = [f"{a / max(1, b):.4f} | {c / max(1, d):.4f}" for a, b, c, d in sums]
    print(f"| all | {sums[0][1] if sums else 0} | " + " | ".join(cells) + " |")


main()
