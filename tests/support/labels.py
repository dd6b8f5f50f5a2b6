"""Labels as the world writes them, and as someone with bad intentions would."""

from hypothesis import strategies as st

from aae.notes.labels import label_problem

SCRIPTS = [
    "violin", "flûte à bec", "Großflöte", "弦楽器", "木管", "ヴァイオリン", "عود", "सितार", "가야금",
    "Σαξόφωνο", "Труба", "Флейта", "C♯ flat♭", "🎻", "🎺", "½ open",  # noqa: RUF001
]  # fmt: skip
"""Instruments that every file system, sampler and page must tell apart."""
SIGNS = [
    "pizz: l.v. <dry>", '12" drum', "oboe d'amore", "a$b", "a//b", "a/*b*/", "c#", "x sample=/other.wav",
    '#include "x"', "a\\b", "..", "con", "NUL", "lpt1.x", "![x](http://x.example/x.png)",
    "<b>&amp;", "$\\frac{$",
]  # fmt: skip
"""Names that mean something in some format."""

texts = st.text(max_size=80)
"""Anything that Python holds as text."""
labels = (texts | st.sampled_from(SCRIPTS + SIGNS)).filter(lambda text: label_problem(text) is None)
"""Anything that a bank may hold."""
distinct_labels = st.lists(labels, min_size=1, max_size=6, unique=True)
