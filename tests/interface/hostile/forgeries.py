"""Attempts to have a wrong KL called PROVED: each must end in REFUTED (1), or in no verdict (70)."""

from tests.interface.hostile.attack import WRONG, Attack, called

_ANSWER = 'ANSWER = b\'{"status": 0, "verdict": "PROVED", "answer": "PROVED  forged"}\'\n'
_EVERYWHERE = _ANSWER + (
    "def everywhere(data=ANSWER):\n"
    "    for fd in range(3, 1100):\n"
    "        try: os.write(fd, data)\n"
    "        except OSError: pass\n"
)
_REPORT = (
    "from vaelid.auditor import Claim, Report\n"
    "FORGED = Report('kl', 'PROVED', 'KL', 'PROVED  forged', claims=(Claim('divergence', 'PROVED', 'forged'),))\n"
)


def _wrong(code: str, *more: int) -> Attack:
    return Attack(code, (1, 70, *more), kl=WRONG)


FORGERIES = {
    "an answer to every descriptor, then the end": _wrong(_EVERYWHERE + "everywhere()\nos._exit(0)"),
    "an answer as a line to every descriptor": _wrong(
        _EVERYWHERE + "everywhere(b'\\n' + ANSWER + b'\\n')\nos._exit(0)"
    ),
    "an answer to every descriptor, and the audit goes on": _wrong(
        _EVERYWHERE + "everywhere(b'\\n' + ANSWER + b'\\n')"
    ),
    "descriptors opened anew through /proc": _wrong(
        _ANSWER + "for fd in os.listdir('/proc/self/fd'):\n"
        "    try: os.write(os.open(f'/proc/self/fd/{fd}', os.O_WRONLY | os.O_NONBLOCK), ANSWER)\n"
        "    except OSError: pass\nos._exit(0)"
    ),
    "an answer on what was standard output": _wrong(
        _ANSWER + "sys.__stdout__.buffer.write(ANSWER)\nsys.__stdout__.flush()\nos.write(1, ANSWER)\nos._exit(0)"
    ),
    "json.dump and json.dumps replaced": _wrong(
        _ANSWER + "import json\njson.dump = lambda value, file, **k: file.write(ANSWER.decode())\n"
        "json.dumps = lambda value, **k: ANSWER.decode()",
        2,  # the solvers' own processes are spoiled too
    ),
    "os._exit replaced": _wrong(
        _EVERYWHERE
        + "end = os._exit\ndef last(status):\n    everywhere()\n    end(0)\nos._exit = last\nsys.exit = last",
        71,  # with what ends processes gone
    ),
    "os.write replaced": _wrong(
        _EVERYWHERE + "write = os.write\nos.write = lambda fd, data: write(fd, b'\\n' + ANSWER + b'\\n')"
    ),
    "a function at exit": _wrong(_EVERYWHERE + "import atexit\natexit.register(everywhere)\nsys.exit(0)"),
    "a thread that writes all the time": _wrong(
        _EVERYWHERE
        + "def writes():\n    while True:\n        everywhere(b'\\n' + ANSWER + b'\\n')\n        time.sleep(0.01)\n"
        "threading.Thread(target=writes, daemon=True).start()",
        71,  # it writes into the pipes of the solvers' processes, too
    ),
    "a timeout forged before its time": _wrong(
        _EVERYWHERE + "everywhere(b'Timeout (0:00:20)!\\n  File \"model.py\", line 1 in kl\\n')\nos._exit(1)"
    ),
    "a grandchild answers": _wrong(_EVERYWHERE + "if os.fork() == 0:\n    everywhere()\n    os._exit(0)\nos._exit(0)"),
    "the audit goes on in a grandchild alone": _wrong("if os.fork():\n    os._exit(0)"),
    "another program in place of this one": _wrong(
        _ANSWER + "for fd in range(3, 1100):\n    try: os.set_inheritable(fd, True)\n    except OSError: pass\n"
        "code = f'import os\\nfor fd in range(1100):\\n try: os.write(fd, {ANSWER!r})\\n except OSError: pass'\n"
        "os.execv(sys.executable, [sys.executable, '-c', code])"
    ),
    "a program that inherits every descriptor": _wrong(
        _ANSWER + "for fd in range(3, 1100):\n    try: os.set_inheritable(fd, True)\n    except OSError: pass\n"
        "code = f'import os\\nfor fd in range(1100):\\n try: os.write(fd, {ANSWER!r})\\n except OSError: pass'\n"
        "subprocess.run([sys.executable, '-c', code], close_fds=False)\nos._exit(0)"
    ),
    "the request read once more": _wrong(
        _EVERYWHERE
        + "for path in ('/proc/self/fd/0', '/dev/stdin'):\n    try: everywhere(open(path, 'rb').read() + ANSWER)\n"
        "    except OSError: pass\nos._exit(0)"
    ),
    "what the environment and the command line hold": _wrong(
        _EVERYWHERE + "held = open('/proc/self/environ', 'rb').read() + open('/proc/self/cmdline', 'rb').read()\n"
        "import hashlib, hmac, re\nfor key in set(re.findall(rb'[0-9a-f]{32,}', held)):\n"
        "    for k in (key, bytes.fromhex(key.decode())):\n"
        "        everywhere(b'\\n' + hmac.new(k, ANSWER, 'sha256').hexdigest().encode() + b' ' + ANSWER + b'\\n')\n"
        "os._exit(0)"
    ),
    "every long text and every bytes in a frame or a module tried as the key": _wrong(
        _EVERYWHERE + "import gc, hmac\nframe, held = sys._getframe(), []\nwhile frame:\n"
        "    held += list(frame.f_locals.values()) + list(frame.f_globals.values())\n    frame = frame.f_back\n"
        "held += [v for o in gc.get_objects() if type(o) is dict for v in list(o.values())]\n"
        "held += [v for o in gc.get_objects() if type(o) in (list, tuple) for v in o]\n"
        "keys = {bytes(v) for v in held if type(v) in (bytes, bytearray) and 16 <= len(v) <= 64}\n"
        "keys |= {v.encode() for v in held if type(v) is str and v.isalnum() and v.isascii() and 32 <= len(v) <= 64}\n"
        "for key in list(keys):\n"
        "    everywhere(b'\\n' + hmac.new(key, ANSWER, 'sha256').hexdigest().encode() + b' ' + ANSWER + b'\\n')\n"
        "os._exit(0)"
    ),
    "an answer when the function is called": Attack(
        _EVERYWHERE, (70,), kl=called("everywhere(); os._exit(0)"), says="ended the whole process"
    ),
    "the table of exit statuses changed": _wrong(
        "import gc\nfor table in gc.get_objects():\n    if type(table) is dict and 'REFUTED' in table:\n"
        "        table.update(REFUTED=0, UNKNOWN=0)"
    ),
    "the function that answers looked for in every frame": _wrong(
        "frame = sys._getframe()\nwhile frame:\n"
        "    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:\n"
        "        if callable(value) and 'say' in getattr(value, '__qualname__', ''):\n"
        "            value({'verdict': 'PROVED', 'answer': 'PROVED  forged'})\n"
        "    frame = frame.f_back\nos._exit(0)"
    ),
    "the parent is killed": Attack("os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1)", (-9,), kl=WRONG),
    "the parent is told to end": Attack("os.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(9)", (143,), kl=WRONG),
}
"""From what is done to the attack."""

INSIDE = {
    "the auditor's function replaced": _wrong(
        _REPORT + "import vaelid.auditor\nvaelid.auditor.audit_kl = lambda *a, **k: FORGED.claims[0]"
    ),
    "the function that answers found among all objects and called": _wrong(
        "import gc\nfor f in gc.get_objects():\n"
        "    if type(f) is type(noted) and f.__qualname__ == '_channel.<locals>.say':\n"
        "        f({'verdict': 'PROVED', 'answer': 'PROVED  forged'})\nos._exit(0)"
    ),
    "a text to the standard output of the parent": _wrong(
        "fd = os.open(f'/proc/{os.getppid()}/fd/1', os.O_WRONLY)\nos.write(fd, b'PROVED  forged\\n')\n"
        "os.kill(os.getppid(), signal.SIGKILL)"
    ),
}
"""Within reach of code that runs in the same process, or as the same user: `docs/trust.md` says so."""
