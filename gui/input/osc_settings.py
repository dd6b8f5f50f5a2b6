"""Open Sound Control without its library: where to listen, and the messages that are understood."""

from dataclasses import dataclass

ADDRESSES = (
    ("/clariolin/note pitch velocity", "plays a note, MIDI numbers; velocity 0 lets it go"),
    ("/clariolin/weight attribute label weight", "moves a slider, 0 to 2"),
    ("/clariolin/latent x y z", "goes to a point of the latent space"),
    ("/clariolin/variation number", "turns the variation dial"),
    ("/clariolin/pad x y", "moves the puck of the pad, 0 to 1 from the left and from below"),
    ("/clariolin/corner number", "takes the cursor's point for a corner, 1 to 4"),
    ("/clariolin/corner number x y z", "takes this point for it"),
    ("/clariolin/corner number clear", "empties it"),
    ("/clariolin/stop", "silence"),
    ("/clariolin/state", "asks for all weights, the latent, the variation, the pad and its corners"),
)
"""Messages that are understood, with their meaning; the first eight but `stop` are also sent."""


@dataclass(frozen=True)
class OscSettings:
    """The address of Open Sound Control on this machine."""

    is_on_at_start: bool = False
    host: str = "127.0.0.1"
    """Address to listen at."""
    port: int = 9527
    """UDP port to listen at; answers go to the next."""
