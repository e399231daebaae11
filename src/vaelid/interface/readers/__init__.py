"""Files of data, read as arrays. Reading never runs code from a file; every failure is one clear message."""

from vaelid.interface.readers.files import KINDS, read_file, shape_of
from vaelid.interface.readers.images import IMAGE_SUFFIXES, read_image_folder
from vaelid.interface.readers.loaded import Loaded, check_room

__all__ = ["IMAGE_SUFFIXES", "KINDS", "Loaded", "check_room", "read_file", "read_image_folder", "shape_of"]
