"""The choice between both renderers of points, and whether this machine has a graphics card for OpenGL."""

from typing import Any, Literal

from PyQt6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext
from PyQt6.QtOpenGL import QOpenGLVersionFunctionsFactory, QOpenGLVersionProfile

Renderer = Literal["auto", "software", "opengl"]
"""The renderer of the points: `auto` takes the graphics card where there is a real one."""
SCREENS = ("xcb", "wayland", "wayland-egl", "cocoa", "windows")
"""Qt's platforms that show OpenGL; others leave its widgets blank."""
SOFTWARE_NAMES = (
    "llvmpipe",
    "softpipe",
    "swrast",
    "software",
    "swiftshader",
    "gdi generic",
    "basic render",
)
MIN_VERSION = (2, 1)
GL_RENDERER = 0x1F01


def has_graphics_card() -> bool:
    """Whether points are drawn better by OpenGL than by `point_renderer`."""
    name = renderer_name()
    return name is not None and not any(word in name.lower() for word in SOFTWARE_NAMES)


def renderer_name() -> str | None:
    """The name of OpenGL's own renderer; None if there is no OpenGL that can be used."""
    if QGuiApplication.platformName() not in SCREENS:
        return None
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return None
    try:
        if context.isOpenGLES() or context.format().version() < MIN_VERSION:
            return None
        profile = QOpenGLVersionProfile()
        profile.setVersion(2, 0)
        functions: Any = QOpenGLVersionFunctionsFactory.get(profile, context)
        return str(functions.glGetString(GL_RENDERER)) if functions is not None else None
    finally:
        context.doneCurrent()
