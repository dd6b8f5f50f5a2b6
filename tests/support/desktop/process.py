"""The real desktop as a process that also says where things are: for tests that press real keys.

It reads commands, one a line, and answers each with a line of JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, cast

from PyQt6.QtCore import QPoint, QSocketNotifier
from PyQt6.QtWidgets import QApplication, QWidget

from aae.cli.console import SHIPPED_MODEL
from gui.app import open_window, share_contexts
from gui.dialogs.render_dialog import RenderDialog
from gui.input.osc_settings import OscSettings
from gui.space.graphics_card import Renderer
from gui.window.context import WindowSettings
from gui.window.main_window import MainWindow


def main() -> int:
    share_contexts()
    application = QApplication(sys.argv[:1])
    renderer = cast(Renderer, os.environ.get("CLARIOLIN_RENDERER", "auto"))
    osc = OscSettings(True, "127.0.0.1", int(sys.argv[1]))
    window = open_window(SHIPPED_MODEL, SHIPPED_MODEL, WindowSettings([], renderer, osc))
    notifier = QSocketNotifier(cast(Any, sys.stdin.fileno()), QSocketNotifier.Type.Read)

    def answer() -> None:
        line = sys.stdin.readline()
        if not line:
            window.close()
            return
        sys.stdout.write(json.dumps(reply(window, line.split())) + "\n")
        sys.stdout.flush()

    notifier.activated.connect(answer)
    return int(application.exec())


def reply(window: MainWindow, words: list[str]) -> Any:
    """What a command asks for."""
    opened = window.opened
    if words[0] == "ready":
        return opened is not None
    assert opened is not None
    instrument = opened.instrument
    if words[0] == "key":
        spot = window.frame.piano.place_of(int(words[1]))
        return _on_screen(window.frame.piano, spot.center().x(), spot.bottom() - 6)
    if words[0] == "slider":
        slider = opened.mix.panels[words[1]].sliders[words[2]]
        opened.mix.panels[words[1]].scroll_area.ensureWidgetVisible(slider)
        return _on_screen(slider, float(words[3]) * slider.width(), slider.height() / 2)
    if words[0] == "cursor":
        spot_of_cursor = opened.space.view.cursor_on_screen()
        return _on_screen(opened.space.view, spot_of_cursor.x(), spot_of_cursor.y())
    if words[0] == "pad":
        spot_of_puck = opened.pad.surface.place_on_screen(float(words[1]), float(words[2]))
        return _on_screen(opened.pad.surface, spot_of_puck.x(), spot_of_puck.y())
    if words[0] in ("save", "load"):
        (opened.presets.save if words[0] == "save" else opened.presets.load)(words[1])
        return opened.presets.list.count()
    if words[0] == "view":
        view = opened.space.view
        return _on_screen(view, view.width() / 2, view.height() / 2)
    if words[0] == "render":
        window.dialogs.render_instrument()
        dialog = window.dialogs.shown[-1]
        assert isinstance(dialog, RenderDialog)
        dialog.notes.setText(words[1])
        dialog.folder.setText(words[2])
        dialog.begin()
        return True
    if words[0] == "open":
        window.files.open_files([Path(words[1])])
        return True
    assert words[0] == "state"
    status = instrument.engine.status()
    return {
        "mix": instrument.session.full_mix(),
        "latent": instrument.session.sound.latent,
        "pad": instrument.session.pad.model_dump(),
        "path": instrument.session.path.to_json(),
        "device": status.device.name,
        "is_silent": status.device.is_silent,
        "dropouts": status.n_dropouts,
        "shed": status.n_stolen,
        "sounding": status.n_sounding,
        "latencies_ms": [] if status.latency_s is None else [1000 * status.latency_s],
        "recordings": [(r.name, r.midi_pitch) for r in opened.recordings.recordings],
        "reading": opened.recordings.is_reading,
    }


def _on_screen(widget: QWidget, x: float, y: float) -> list[int]:
    spot = widget.mapToGlobal(QPoint(round(x), round(y)))
    return [spot.x(), spot.y()]


if __name__ == "__main__":
    sys.exit(main())
