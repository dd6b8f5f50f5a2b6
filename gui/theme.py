"""Colours and shapes of both themes: Fusion with a palette of our own and a short style sheet."""

from dataclasses import dataclass

from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """A set of colours, each `#rrggbb`."""

    name: str
    window: str
    """Background of the window."""
    panel: str
    """Background of the panels."""
    raised: str
    """Background of buttons, sliders and fields."""
    line: str
    text: str
    muted: str
    """Less important text."""
    accent: str
    """Sounding and chosen things."""
    accent_text: str
    cool: str
    """A second colour beside the accent."""
    warn: str
    space: str
    """Background of the latent space and the spectrogram."""

    def color(self, name: str, alpha: int = 255) -> QColor:
        """One of the colours, 0 transparent to 255."""
        color = QColor(getattr(self, name))
        color.setAlpha(alpha)
        return color


DARK = Theme(
    "dark",
    window="#15171c",
    panel="#1c1f26",
    raised="#282c35",
    line="#323743",
    text="#e9eaee",
    muted="#99a0ae",
    accent="#f2a33c",
    accent_text="#1b1408",
    cool="#58b6c9",
    warn="#e8705f",
    space="#101216",
)
LIGHT = Theme(
    "light",
    window="#eceae6",
    panel="#f8f7f4",
    raised="#e6e3dd",
    line="#d3cfc7",
    text="#23252b",
    muted="#666a74",
    accent="#c8720a",
    accent_text="#ffffff",
    cool="#1f7f94",
    warn="#b53a2a",
    space="#fdfcfa",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
FAMILIES = ("Inter", "SF Pro Text", "Segoe UI", "Cantarell", "Noto Sans")
"""Fonts; the first that the system has is used."""
_current = DARK


def current() -> Theme:
    """The theme in use."""
    return _current


def use(theme: Theme) -> None:
    """Gives the whole application a theme; widgets ask for `current` when they paint."""
    global _current
    _current = theme
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    if not application.property("has_font"):
        font = QFont(application.font())
        font.setFamilies([*FAMILIES, font.family()])
        application.setFont(font)
        application.setProperty("has_font", True)
    application.setStyleSheet(_style_sheet(theme))
    for widget in application.allWidgets():
        widget.update()


def small_font(font: QFont, points: float = 8.5) -> QFont:
    """A smaller variant of a font, for scales and captions."""
    small = QFont(font)
    small.setPointSizeF(points)
    return small


def _palette(theme: Theme) -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    roles = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.warn,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Link: theme.cool,
        role.Light: theme.raised,
        role.Mid: theme.line,
        role.Dark: theme.line,
    }
    for which, colour in roles.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, theme.color("muted", 130))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line};
        padding: 5px; }}
    QFrame#panel {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 8px; }}
    QFrame#panel QScrollArea, QWidget#inside {{ background: transparent; border: none; }}
    QLabel#caption {{ color: {theme.muted}; font-weight: 600; font-size: 11px; letter-spacing: 1px; }}
    QLabel#muted {{ color: {theme.muted}; }}
    QLabel#warn {{ color: {theme.warn}; }}
    QLabel#brand {{ color: {theme.accent}; font-size: 19px; font-weight: 700; }}
    QLabel#title {{ font-size: 15px; font-weight: 600; }}
    QPushButton, QToolButton {{ background: {theme.raised}; color: {theme.text};
        border: 1px solid {theme.line}; border-radius: 6px; padding: 5px 11px; }}
    QToolButton {{ padding: 4px 8px; }}
    QToolButton#corner {{ padding: 4px 20px 4px 8px; }}
    QToolButton#corner::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center;
        right: 6px; }}
    QTabBar QToolButton {{ padding: 0; }}
    QPushButton:hover, QToolButton:hover {{ border-color: {theme.muted}; }}
    QPushButton:focus, QToolButton:focus, QLineEdit:focus, QComboBox:focus, QDoubleSpinBox:focus,
    QSpinBox:focus {{ border-color: {theme.accent}; }}
    QPushButton:checked, QToolButton:checked {{ background: {theme.accent}; color: {theme.accent_text};
        border-color: {theme.accent}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {theme.line}; color: {theme.text}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {theme.muted}; background: {theme.panel}; }}
    QPushButton#primary {{ background: {theme.accent}; color: {theme.accent_text};
        border-color: {theme.accent}; font-weight: 600; }}
    QPushButton#primary:disabled {{ background: {theme.raised}; color: {theme.muted};
        border-color: {theme.line}; }}
    QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{ background: {theme.window}; color: {theme.text};
        border: 1px solid {theme.line}; border-radius: 6px; padding: 4px 7px; }}
    QComboBox QAbstractItemView {{ background: {theme.panel}; color: {theme.text};
        selection-background-color: {theme.accent}; selection-color: {theme.accent_text}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar {{ background: transparent; }}
    QTabBar::tab {{ background: transparent; color: {theme.muted}; padding: 7px 8px; border: none;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; }}
    QTabBar::tab:focus {{ color: {theme.accent}; }}
    QListWidget {{ background: transparent; border: none; outline: none; }}
    QListWidget::item {{ padding: 6px; border-radius: 5px; }}
    QListWidget::item:selected {{ background: {theme.raised}; color: {theme.text}; }}
    QListWidget::item:selected:active {{ background: {theme.raised}; color: {theme.text};
        border-left: 3px solid {theme.accent}; }}
    QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {theme.line}; border-radius: 4px; min-height: 28px; }}
    QScrollBar::handle:vertical:hover {{ background: {theme.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QSplitter::handle {{ background: transparent; }}
    QMenuBar {{ background: {theme.window}; color: {theme.text}; }}
    QMenuBar::item:selected, QMenu::item:selected {{ background: {theme.accent};
        color: {theme.accent_text}; }}
    QMenu {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line}; }}
    QMenu::item {{ padding: 5px 24px 5px 14px; }}
    QMenu::item:disabled {{ color: {theme.muted}; }}
    QStatusBar {{ color: {theme.muted}; }}
    QProgressBar {{ background: {theme.window}; border: 1px solid {theme.line};
        border-radius: 6px; height: 14px; text-align: center; color: {theme.text}; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 5px; }}
    """
