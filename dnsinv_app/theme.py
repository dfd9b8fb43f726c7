"""What the pages look like: Streamlit's theme options, in a light and a dark scheme.

The colours are those of static/app.css, which dresses the pages outside of Streamlit. Without a
choice of the reader's the browser's preference decides between the two.
"""

FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'

_BOTH = {
    "font": FONT,
    "codeFont": 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
    "baseFontSize": 15,
    "baseRadius": "8px",
    "headingFontSizes": ["1.9rem", "1.35rem", "1.1rem"],
    "headingFontWeights": [700, 650, 600],
    "paddingTop": "1.25rem",
    "showWidgetBorder": True,
    "showSidebarBorder": True,
}
_LIGHT = {
    "primaryColor": "#0b62b8",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f1f4f9",
    "textColor": "#0f1828",
    "borderColor": "#d8dfe9",
    "linkColor": "#0b62b8",
}
_DARK = {
    "primaryColor": "#2273c4",  # white on it: 4.9
    "backgroundColor": "#0b0f19",
    "secondaryBackgroundColor": "#121a2b",
    "textColor": "#e9edf5",
    "borderColor": "#242f45",
    "linkColor": "#5cb3ff",
}

OPTIONS: dict[str, object] = {
    **{f"theme.{name}": value for name, value in _BOTH.items()},
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
    "theme.light.sidebar.backgroundColor": "#f4f6fa",
    "theme.dark.sidebar.backgroundColor": "#0f1524",
}
