"""WeasyPrint in a process that is kept: Markdown to HTML by markdown-it-py, HTML to PDF by WeasyPrint."""

import weasyprint
from driver import drive
from markdown_it import MarkdownIt
from weasyprint.text.fonts import FontConfiguration

markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Kept, as the fonts of a document are looked up once then.
fonts = FontConfiguration()


def render(text: str) -> bytes:
    page = weasyprint.HTML(string=f'<!doctype html><meta charset="utf-8">{markdown.render(text)}')
    return page.write_pdf(font_config=fonts)


drive("WeasyPrint", weasyprint.__version__, render)
