"""The dialogs of the window: rendering, training, help."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QMessageBox, QWidget

from .file_commands import WindowFiles

if TYPE_CHECKING:
    from ..dialogs.render_dialog import RenderDialog


class WindowDialogs(WindowFiles):
    """The part of `MainWindow` that opens others."""

    _dialogs: "list[RenderDialog | QWidget]"
    dataset_formats: tuple[str, ...]

    def render_instrument(self) -> None:
        """Opens the dialog that renders."""
        from ..dialogs.render_dialog import RenderDialog

        if self.instrument:
            dialog = RenderDialog(self.instrument, Path.home() / "clariolin-notes", self._window)
            self._dialogs.append(dialog)
            dialog.show()

    def train(self) -> None:
        """Opens the dialog that builds and trains."""
        from ..dialogs.train_dialog import TrainDialog

        dialog = TrainDialog(self.dataset_formats, self._window)
        dialog.model_ready.connect(lambda path: self.open_files([path]))
        self._dialogs.append(dialog)
        dialog.show()

    def show_help(self) -> None:
        """The list of shortcuts."""
        from ..dialogs.help_dialog import HelpDialog
        from ..input.osc_bridge import ADDRESSES

        dialog = HelpDialog(ADDRESSES, self._window)
        self._dialogs.append(dialog)
        dialog.show()

    def show_about(self) -> None:
        """What this is, and its licences."""
        QMessageBox.about(
            self._window,
            "Clariolin",
            "<h3>Clariolin</h3><p>Makes instrument notes that were never played.</p>"
            "<p>MIT licence. This window is drawn with PyQt6, which is GPL-3.0: a program that ships both is "
            "bound by that.</p><p>The shipped model was trained on the sound samples of the Philharmonia "
            "Orchestra.</p>",
        )

    def close_dialogs(self) -> None:
        """Ends what dialogs do, then closes them."""
        for dialog in self._dialogs:
            dialog.close()
        self._dialogs.clear()
