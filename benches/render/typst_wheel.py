"""Typst's Python wheel in a process that is kept. It reads Typst, not Markdown: its document is a translation."""

import typst
from driver import drive

compiler = typst.Compiler(ignore_system_fonts=True)


def render(text: str) -> bytes:
    return compiler.compile(input=text.encode(), format="pdf")


drive("typst (Python)", typst.__version__, render)
