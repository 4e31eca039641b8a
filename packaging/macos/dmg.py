"""Settings that dmgbuild reads: the window of the disk image."""

# dmgbuild sets `defines` from its option -D.
application = defines["app"]  # noqa: F821
format = "UDZO"
filesystem = "APFS"
files = [application]
symlinks = {"Applications": "/Applications"}
icon_locations = {application.rsplit("/", 1)[-1]: (150, 170), "Applications": (450, 170)}
background = "builtin-arrow"
window_rect = ((200, 200), (600, 360))
default_view = "icon-view"
icon_size = 112
text_size = 13
