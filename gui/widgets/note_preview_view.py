"""The picture of the last note: waveform above spectrogram, one axis of time, and a playhead."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDrag, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from aae.live.offline_renderer import NotePreview
from aae.notes.pitch_names import pitch_name
from aae.synthesis.request import NoteRequest

from .. import theme
from .layer import Layer

WAVE_SHARE = 0.3
LEFT, RIGHT, BOTTOM, TOP = 46, 6, 18, 6
RANGE_LOG10 = 2.7
"""Range of the colours below the loudest place, in decades of magnitude."""
TICKS_HZ = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
TICK_WIDTH = 46
"""Pixels that a number of the time axis has at least."""
DRAG_DISTANCE = 12


class NotePreviewView(QWidget):
    """Waveform and spectrogram. Drag it out of the window to have the note as a file.

    Args:
        sample_rate: Samples per second.
    """

    drag_asked = pyqtSignal()
    play_asked = pyqtSignal()

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self._sample_rate = sample_rate
        self._preview: NotePreview | None = None
        self._note = Layer(self)
        self._n_shown = 0
        """Notes so far: the picture's name, as waveforms are too long to be compared."""
        self.position_s: float | None = None
        self.caption = ""
        self._press: QPoint | None = None
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Last note")
        self.setToolTip(
            "<b>The last note</b><br>Waveform and spectrogram. Click to hear it again; drag it into a DAW or "
            "a folder to have it as a WAV file."
        )

    @property
    def preview(self) -> NotePreview | None:
        """The note that is shown."""
        return self._preview

    def show_preview(self, preview: NotePreview) -> None:
        """Shows a note."""
        self._preview, self.caption = preview, note_caption(preview.request)
        self._n_shown += 1
        self.setAccessibleDescription(
            f"{self.caption}, {len(preview.waveform) / self._sample_rate:.2f} seconds"
        )
        self.update()

    def set_position(self, position_s: float | None) -> None:
        """Moves the playhead."""
        if position_s != self.position_s:
            self.update(self._strip())
            self.position_s = position_s
            self.update(self._strip())

    @property
    def _duration_s(self) -> float:
        return len(self._preview.waveform) / self._sample_rate if self._preview else 1.0

    def _boxes(self) -> tuple[QRectF, QRectF]:
        height = self.height() - BOTTOM - TOP
        wave = QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, height * WAVE_SHARE)
        below = QRectF(LEFT, wave.bottom() + 4, wave.width(), height * (1 - WAVE_SHARE) - 4)
        return wave, below

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws both, their axes and the playhead."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._note.picture(self._n_shown, self._paint_note))
        if self._preview is not None and self.position_s is not None:
            wave, below = self._boxes()
            x = self._playhead_x(self.position_s)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().color("text", 220), 1.5))
            painter.drawLine(QPointF(x, wave.top()), QPointF(x, below.bottom()))

    def _playhead_x(self, position_s: float) -> float:
        return LEFT + (self.width() - LEFT - RIGHT) * position_s / self._duration_s

    def _strip(self) -> QRect:
        """The strip that the playhead covers; empty where there is none."""
        if self.position_s is None:
            return QRect()
        return QRect(round(self._playhead_x(self.position_s)) - 2, 0, 5, self.height())

    def _paint_note(self, painter: QPainter) -> None:
        """All but the playhead."""
        painter.setFont(theme.small_font(self.font(), 8))
        colours = theme.current()
        wave, below = self._boxes()
        for box in (wave, below):
            painter.fillRect(box, colours.color("space"))
        if self._preview is None:
            painter.setPen(colours.color("muted"))
            painter.drawText(
                QRectF(self.rect()), int(Qt.AlignmentFlag.AlignCenter), "Play a note to see it here."
            )
            return
        self._paint_wave(painter, wave)
        self._paint_spectrogram(painter, below)
        self._paint_axes(painter, wave, below)

    def _paint_wave(self, painter: QPainter, box: QRectF) -> None:
        assert self._preview is not None
        edges = outline(self._preview.waveform, max(1, int(box.width())))
        peak = max(1e-4, float(np.abs(edges).max()))
        middle, scale = box.center().y(), box.height() / 2 * 0.94 / peak
        lower, upper = (
            [QPointF(box.left() + i, middle - float(v) * scale) for i, v in enumerate(edge)]
            for edge in edges.T
        )
        painter.setPen(QPen(theme.current().color("accent"), 0.8))
        painter.setBrush(theme.current().color("accent", 170))
        painter.drawPolygon(QPolygonF(upper + lower[::-1]))
        painter.setPen(theme.current().color("muted"))
        decibels = 20 * np.log10(peak)
        painter.drawText(
            QRectF(0, box.top(), LEFT - 5, 12), int(Qt.AlignmentFlag.AlignRight), f"{decibels:.0f} dB"
        )

    def _paint_spectrogram(self, painter: QPainter, box: QRectF) -> None:
        assert self._preview is not None
        image = spectrogram_image(self._preview.log_mel, theme.current())
        frames = self._preview.log_mel.shape[1]
        shown = self._duration_s / (frames * 512 / 44_100) * frames if frames else 0
        source = QRectF(0, 0, min(shown, frames), image.height())
        painter.drawImage(box, image, source)

    def _paint_axes(self, painter: QPainter, wave: QRectF, below: QRectF) -> None:
        assert self._preview is not None
        colours = theme.current()
        painter.setPen(colours.color("muted"))
        most = min(9.0, max(1.0, below.width() / TICK_WIDTH))
        steps = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
        step = next((s for s in steps if self._duration_s / s < most), steps[-1])
        for i in range(int(self._duration_s / step + 1e-6) + 1):
            x = LEFT + below.width() * i * step / self._duration_s
            spot = QRectF(x - 30, below.bottom() + 3, 60, 14)
            words = f"{i * step:g} s"
            if x + 20 < self.width():
                painter.drawText(spot, int(Qt.AlignmentFlag.AlignHCenter), words)
            painter.setPen(colours.color("muted", 50))
            painter.drawLine(QPointF(x, wave.top()), QPointF(x, below.bottom()))
            painter.setPen(colours.color("muted"))
        top_mel = _mel(self._sample_rate / 2)
        last_y = 1e9
        for hertz in TICKS_HZ:
            y = below.bottom() - below.height() * _mel(hertz) / top_mel
            if last_y - y > 13 and y > below.top() + 6:
                words = f"{hertz / 1000:g} k" if hertz >= 1000 else f"{hertz}"
                painter.drawText(
                    QRectF(0, y - 7, LEFT - 5, 14),
                    int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                    words + ("Hz" if hertz >= 1000 else " Hz"),
                )
                last_y = y
        if self.caption:
            painter.setPen(colours.color("text", 210))
            spot = wave.adjusted(6, 2, -6, 0)
            words = painter.fontMetrics().elidedText(
                self.caption, Qt.TextElideMode.ElideRight, int(spot.width())
            )
            painter.drawText(spot, int(Qt.AlignmentFlag.AlignRight), words)

    def drag_file(self, path: Path) -> None:
        """Drags a file out of the window, into a DAW or a folder; returns when it is dropped."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.exec()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Remembers where a drag might begin."""
        if event is not None and self._preview is not None:
            self._press = event.pos()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Begins to drag the note out."""
        if event is None or self._press is None:
            return
        if (event.pos() - self._press).manhattanLength() > DRAG_DISTANCE:
            self._press = None
            self.drag_asked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """A click plays it again."""
        if self._press is not None:
            self._press = None
            self.play_asked.emit()


def outline(waveform: npt.NDArray[np.float32], columns: int) -> npt.NDArray[np.float32]:
    """Lowest and highest sample of each column, `(columns, 2)`."""
    edges = (
        np.linspace(0, len(waveform), columns + 1).astype(np.int64)[:-1].clip(0, max(0, len(waveform) - 1))
    )
    lows, highs = np.minimum.reduceat(waveform, edges), np.maximum.reduceat(waveform, edges)
    return np.stack([lows, highs], 1)


def spectrogram_image(log_mel: npt.NDArray[np.float32], colours: theme.Theme) -> QImage:
    """A picture of `(mels, frames)`, low notes below, from the background over cool to warm."""
    loudest = float(log_mel.max()) if log_mel.size else 0.0
    share = ((log_mel[::-1] - loudest) / RANGE_LOG10 + 1.0).clip(0.0, 1.0) ** 1.15
    names = ("space", "cool", "accent", "text")
    stops = np.array([colours.color(name).getRgb()[:3] for name in names], np.float64)
    if colours.name == "dark":
        stops[1] = stops[1] * 0.62 + stops[0] * 0.38
    places = np.array([0.0, 0.45, 0.78, 1.0])
    steps = np.linspace(0.0, 1.0, 256)
    table = np.stack([np.interp(steps, places, stops[:, c]) for c in range(3)], 1).astype(np.uint8)
    pixels = np.full((*share.shape, 4), 255, np.uint8)
    pixels[..., :3] = table[(share * 255).astype(np.uint8)][..., ::-1]
    height, width = share.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def note_caption(request: NoteRequest | None) -> str:
    """Pitch and strongest labels of a note in a line; `recording` for None."""
    if request is None:
        return "recording"
    note = "unpitched" if request.midi_pitch is None else pitch_name(request.midi_pitch)
    labels = [max(mix, key=lambda label: mix[label]) for mix in request.mix.values() if mix]
    return f"{note}  {', '.join(labels)}"


def _mel(hertz: float) -> float:
    """Slaney's mel, as the front end has it."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + float(np.log(hertz / 1000)) / (np.log(6.4) / 27)
