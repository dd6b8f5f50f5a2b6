"""The latent view with OpenGL by force, as a process of its own: prints what is drawn at each point's place.

Each of its notes is an instrument of its own, and lies where no other covers it.
"""

import json
import sys

import numpy as np
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

from gui.app import share_contexts
from gui.space.gl_surface import GlSurface
from gui.space.graphics_card import has_graphics_card, renderer_name
from gui.space.latent_view import LatentView
from gui.state.camera import Camera
from gui.state.session import Session
from gui.state.space_points import SpacePoints
from tests.support.fake_synthesizer import INFO

LATENTS = ((-1.5, -1.0, 0.5), (1.0, 1.5, -1.0), (1.5, -1.0, 0.5), (-1.0, 1.2, 0.0))
CAMERA = Camera(yaw=0.4, pitch=0.3, zoom=1.2, pan_x=0.2, pan_y=-0.1)


def main() -> int:
    share_contexts()
    application = QApplication(sys.argv[:1])
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "latent": np.array(LATENTS, np.float32),
        "midi_pitch": np.full(len(LATENTS), 60, np.int16),
        "instrument": np.arange(len(LATENTS), dtype=np.int16),
    }
    points = SpacePoints(INFO, columns)
    points.colour_by = "instrument"
    points.show("violin", False)
    session = Session(INFO)
    session.set_latent((0.0, 0.0, 0.0))
    view = LatentView(session, points, "opengl")
    view.resize(500, 360)
    view.show()
    view.set_camera(CAMERA)

    def tell() -> None:
        assert isinstance(view.surface, GlSurface)
        image = view.surface.grab()
        found = {
            "surface": view.surface.name,
            "renderer": renderer_name(),
            "has_graphics_card": has_graphics_card(),
            "colours": points.colours(dark=True).tolist(),
            "background": _at(image, 3, 3),
            "drawn": [
                _at(image, view.place_on_screen(i).x(), view.place_on_screen(i).y())
                for i in range(len(LATENTS))
            ],
            "cursor": _at(image, view.cursor_on_screen().x(), view.cursor_on_screen().y()),
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        if len(sys.argv) > 1:
            image.save(sys.argv[1])
        view.close()

    QTimer.singleShot(300, tell)
    return int(application.exec())


def _at(image: QImage, x: float, y: float) -> list[int]:
    colour = image.pixelColor(round(x), round(y))
    return [colour.red(), colour.green(), colour.blue()]


if __name__ == "__main__":
    sys.exit(main())
