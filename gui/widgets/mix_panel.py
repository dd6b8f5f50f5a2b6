"""The sliders of all attributes, a tab each, with search, and the mix in one bar above them."""

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aae.notes.pitch_names import pitch_name

from .. import theme
from ..state.point_colors import label_color
from ..state.session import Session
from .weight_slider import WeightSlider


class AttributePanel(QWidget):
    """All labels of one attribute.

    Args:
        session: The sliders move its weights.
        attribute: Its labels are shown.
    """

    def __init__(self, session: Session, attribute: str) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._session, self.attribute = session, attribute
        self.search = QLineEdit()
        self.search.setPlaceholderText(f"Search {len(session.info.vocabularies[attribute])} labels")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(f"Search {attribute}")
        self.search.textChanged.connect(self._filter)
        self.normalise = QToolButton()
        self.normalise.setText("Σ = 1")
        self.normalise.setCheckable(True)
        self.normalise.setAccessibleName(f"Normalise {attribute}")
        self.normalise.setToolTip(
            "<b>Weights add up to 1</b><br>On: raising one slider lowers the others, as a crossfade does.<br>"
            "Off: each is free, up to 2; large sums exaggerate."
        )
        self.normalise.clicked.connect(lambda on: session.set_normalised(attribute, on))
        self.sliders: dict[str, WeightSlider] = {}
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(2)
        for label in session.info.vocabularies[attribute]:
            column.addWidget(self._slider(label))
        column.addStretch(1)
        inside = QWidget()
        inside.setObjectName("inside")
        inside.setLayout(column)
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidget(inside)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.normalise)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.scroll_area, 1)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the session holds."""
        mix = self._session.sound.mixes[self.attribute]
        self.normalise.setChecked(mix.is_normalised)
        for label, slider in self.sliders.items():
            silenced = mix.solo is not None and mix.solo != label
            max_weight = 1.0 if mix.is_normalised else 2.0
            slider.show_state(
                mix.weights.get(label, 0.0), label in mix.locked, mix.solo == label, silenced, max_weight
            )

    def _slider(self, label: str) -> WeightSlider:
        slider = WeightSlider(label)
        slider.weight_changed.connect(lambda weight: self._session.set_weight(self.attribute, label, weight))
        slider.settled.connect(self._session.settle)
        slider.solo_asked.connect(lambda: self._toggle_solo(label))
        slider.lock_asked.connect(lambda: self._toggle_lock(label))
        self.sliders[label] = slider
        return slider

    def _toggle_solo(self, label: str) -> None:
        mix = self._session.sound.mixes[self.attribute]
        self._session.set_solo(self.attribute, None if mix.solo == label else label)

    def _toggle_lock(self, label: str) -> None:
        mix = self._session.sound.mixes[self.attribute]
        self._session.set_lock(self.attribute, label, label not in mix.locked)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for label, slider in self.sliders.items():
            slider.setVisible(all(word in label.casefold() for word in words))


class MixBar(QWidget):
    """The mix that is heard of each attribute, as stacked bars."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._mix: dict[str, dict[str, float]] = {}
        self.setFixedHeight(16 * len(session.info.vocabularies) + 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Mix")
        self.refresh()

    def refresh(self) -> None:
        """Shows what the session holds."""
        mix = self._session.full_mix()
        if mix == self._mix:
            return
        self._mix = mix
        words = [
            f"{name}: " + ", ".join(f"{label} {weight:.2g}" for label, weight in weights.items() if weight)
            for name, weights in self._mix.items()
        ]
        self.setToolTip("<br>".join(words))
        self.setAccessibleDescription("; ".join(words))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws a bar an attribute."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.small_font(self.font()))
        colours = theme.current()
        for row, (name, weights) in enumerate(self._mix.items()):
            labels = self._session.info.vocabularies[name]
            heard = sorted(((w, label) for label, w in weights.items() if w), reverse=True)
            total = sum(w for w, _ in heard) or 1.0
            x = 0.0
            for weight, label in heard:
                width = self.width() * weight / total
                spot = QRectF(x, row * 16, max(1.0, width - 1), 14)
                red, green, blue = label_color(labels.index(label), len(labels), colours.name == "dark")
                colour = colours.color("panel")
                colour.setRgb(red, green, blue)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(spot, 3, 3)
                painter.setPen(colours.color("space" if colours.name == "dark" else "panel"))
                metrics = painter.fontMetrics()
                words = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(width) - 10)
                if width > 30:
                    painter.drawText(spot.adjusted(5, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), words)
                x += width


class MixPanel(QFrame):
    """The left side of the window."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._session = session
        caption = QLabel("MIX")
        caption.setObjectName("caption")
        self.notice = QLabel()
        self.notice.setObjectName("muted")
        self.notice.setWordWrap(True)
        self.notice.setMinimumHeight(34)
        self.notice.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bar = MixBar(session)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        if (bar := self.tabs.tabBar()) is not None:
            bar.setExpanding(False)
        self.tabs.setAccessibleName("Attributes")
        self.panels: dict[str, AttributePanel] = {}
        for name in session.info.vocabularies:
            panel = AttributePanel(session, name)
            self.panels[name] = panel
            self.tabs.addTab(panel, name.replace("_", " ").capitalize())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 10)
        layout.setSpacing(6)
        layout.addWidget(caption)
        layout.addWidget(self.bar)
        layout.addWidget(self.notice)
        layout.addWidget(self.tabs, 1)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the session holds."""
        self.bar.refresh()
        for panel in self.panels.values():
            panel.refresh()
        bounds = self._session.trained_range()
        if bounds is None:
            self.notice.setText("◇ Never heard in training: a guess, and maybe a find.")
        else:
            low, high = (pitch_name(pitch) for pitch in bounds)
            self.notice.setText(f"◆ Trained from {low} to {high} with the strongest labels.")
