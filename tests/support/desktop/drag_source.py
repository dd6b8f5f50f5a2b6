"""Another program that a file is dragged out of: `python -m tests.support.desktop.drag_source FILE`.

It shows a small window at the top left of the screen, says so, and offers the file to what it is dropped on.
"""

import sys
from pathlib import Path

from PyQt6.QtCore import QMimeData, Qt, QUrl
from PyQt6.QtGui import QDrag, QMouseEvent
from PyQt6.QtWidgets import QApplication, QLabel

SIZE = 60


class Source(QLabel):
    def __init__(self, path: Path) -> None:
        super().__init__("drag")
        self._path = path
        self.setWindowFlag(Qt.WindowType.X11BypassWindowManagerHint)
        self.setGeometry(0, 0, SIZE, SIZE)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(self._path))])
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.exec(Qt.DropAction.CopyAction)


def main() -> int:
    application = QApplication(sys.argv[:1])
    source = Source(Path(sys.argv[1]))
    source.show()
    source.raise_()
    sys.stdout.write("shown\n")
    sys.stdout.flush()
    return int(application.exec())


if __name__ == "__main__":
    sys.exit(main())
