"""Style of what Streamlit's theme has no option for."""

from pathlib import Path

import streamlit as st

_STYLE = f"<style>{(Path(__file__).parent / 'dress.css').read_text(encoding='utf-8')}</style>"


def dress() -> None:
    """Put it on the page."""
    st.html(_STYLE)
