"""The user's frames among those of torch and ours.

In: the frame of an operation. Out: the frames of the user's code below it, and the line at which one stands. For
example, of `self.decoder(z)` in `step` the operation's line is that of `step`, however many of torch's modules it went
through.
"""

from collections.abc import Iterator
from functools import cache
from types import FrameType

__all__ = ["line_of", "torch_asks", "users_frames"]

# A line of the user's is in none of these files.
_NOT_THE_USERS = ("/torch/", "/jaxtyping/", "/vaelid/auditor/", "/vaelid/readings/twins.py")


def users_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames that are neither torch's nor ours, the innermost first, up to the one that the recorder called."""
    found = False
    while frame is not None:
        file = frame.f_code.co_filename
        if _is_the_users(file):
            found = True
            yield frame
        elif found and "/vaelid/auditor/" in file:
            return
        frame = frame.f_back


@cache
def _is_the_users(file: str) -> bool:
    return not file.startswith("<") and not any(part in file for part in _NOT_THE_USERS)


def line_of(frame: FrameType | None) -> str:
    """File and line at which a frame stands."""
    return "unknown" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


# Files between the recorder and who asked for a value.
_BETWEEN = (
    "<",
    "/jaxtyping/",
    "/torch/utils/",
    "/torch/_dynamo/",
    "/torch/_compile.py",
    "/vaelid/auditor/recording/record.py",
)


def torch_asks(frame: FrameType | None) -> bool:
    """Whether it is torch that looks at a value, to check an argument, and not the user."""
    while frame is not None and any(part in frame.f_code.co_filename for part in _BETWEEN):
        frame = frame.f_back
    return frame is not None and "/torch/" in frame.f_code.co_filename
