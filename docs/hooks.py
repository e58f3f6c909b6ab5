"""MkDocs hook: docstrings use Sphinx's roles and a math directive, which Markdown shows as they are written."""

import re

ROLE = re.compile(r':(?:class|func|meth|mod):<code>~?(.*?)</code>')
MATH = re.compile(r'<p>\.\. math::.*?</p>', re.DOTALL)


def _name(match: 're.Match[str]') -> str:
    """The last part of a dotted name, or all of it if it is a module."""
    name = match[1] if match[0].startswith(':mod:') else match[1].rsplit('.', 1)[-1]
    return f'<code>{name}</code>'


def on_page_content(html: str, **kwargs: object) -> str:
    """Show roles as plain code, and an equation as a link to the page that has it."""
    link = '<p>The equation is on the page <a href="algorithm.html#the-losses">Algorithm</a>.</p>'
    return MATH.sub(link, ROLE.sub(_name, html))
