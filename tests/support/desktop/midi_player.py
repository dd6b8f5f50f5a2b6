"""A MIDI keyboard that is another program: it has a port of its own and plays what it reads.

`python -m tests.support.desktop.midi_player NAME` reads messages as mido writes them, one a line; they go
through JACK.
"""

import sys

import mido

BACKEND = "mido.backends.rtmidi/UNIX_JACK"


def main() -> None:
    with mido.Backend(BACKEND, load=True).open_output(sys.argv[1], virtual=True) as port:
        for line in sys.stdin:
            port.send(mido.Message.from_str(line.strip()))


if __name__ == "__main__":
    main()
