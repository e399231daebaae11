"""User code that raises, crashes, or leaves the process in disorder: one message, and the status that is right."""

from tests.interface.hostile.attack import Attack, called

_ENDED = "ended the whole process"


def _raised(error: str, says: str, setup: str = "") -> Attack:
    return Attack(f"{setup}raise {error}", (70,), says=says)


def _raised_when_called(error: str, says: str, setup: str = "") -> Attack:
    return Attack(setup, (70,), says=says, kl=called(f"raise {error}"))


_UNPRINTABLE = (
    "class E(Exception):\n    def __str__(self): raise ValueError('no text')\n"
    "    def __repr__(self): raise ValueError('no text')\n"
)
_ENDLESS_TEXT = "class E(Exception):\n    def __str__(self):\n        while True: pass\n"
_NAMELESS = (
    "class M(type):\n    @property\n    def __name__(cls): raise ValueError('no name')\n"
    "class E(Exception, metaclass=M): pass\n"
)
_ODD_TEXT = "class E(Exception):\n    def __str__(self): return 3\n"
_OWN = "class E(BaseException): pass\n"
_LONG = "'long ' * 2_000_000"

RAISED = {
    "an error with 10 MB of text": _raised(f"ValueError({_LONG})", "ValueError"),
    "an error with 10 MB of text, when called": _raised_when_called(f"ValueError({_LONG})", "ValueError"),
    "an error with 10 MB of text in one of its names": _raised("type('E' * 10_000_000, (Exception,), {})()", "EEEE"),
    "an error whose text raises": _raised("E()", "E at model.py", _UNPRINTABLE),
    "an error whose text raises, when called": _raised_when_called("E()", "model.py, line", _UNPRINTABLE),
    "an error whose text is no text": _raised("E()", "E at model.py", _ODD_TEXT),
    "an error whose text never ends": Attack(_ENDLESS_TEXT + "raise E()", (70,), says="still running", limit=2),
    "an error whose class has no name": _raised("E()", "model.py, line", _NAMELESS),
    "an error whose class has no name, when called": _raised_when_called("E()", "raised E", _NAMELESS),
    "a BaseException": _raised("E('own')", "E at model.py", _OWN),
    "a BaseException, when called": _raised_when_called("E('own')", "raised E", _OWN),
    "SystemExit(0)": _raised("SystemExit(0)", "SystemExit"),
    "SystemExit(0), when called": _raised_when_called("SystemExit(0)", "SystemExit"),
    "SystemExit with a text": _raised("SystemExit('a text')", "a text"),
    "KeyboardInterrupt": _raised("KeyboardInterrupt", "KeyboardInterrupt"),
    "KeyboardInterrupt, when called": _raised_when_called("KeyboardInterrupt", "KeyboardInterrupt"),
    "GeneratorExit": _raised("GeneratorExit", "GeneratorExit"),
    "GeneratorExit, when called": _raised_when_called("GeneratorExit", "GeneratorExit"),
    "a group of errors": _raised("ExceptionGroup('two', [ValueError(1), TypeError(2)])", "ExceptionGroup"),
    "MemoryError": _raised("MemoryError", "MemoryError"),
    "a recursion without end": Attack("def f(): f()\nf()", (70,), says="RecursionError"),
    "a recursion without end, when called": Attack("def f(): f()", (70,), kl=called("f()"), says="RecursionError"),
    "an error that is vaelid's own kind": _raised(
        "InputError('forged')", "forged", "from vaelid.spec.errors import InputError\n"
    ),
    "a text with lone surrogates and terminal codes": _raised(
        "ValueError('\\ud800 \\x1b[2J\\x1b]0;t\\x07 bell')", "bell"
    ),
    "a name that raises when it is looked up": Attack(
        "def __getattr__(name): raise E\nclass E(BaseException): pass", (70,), kl="", says="raised E"
    ),
    "a batch that raises": Attack(
        "class E(BaseException): pass\ndef batch(): raise E('none')\n",
        (70,),
        kl="def kl(x): return x.sum()",
        says="none",
    ),
    "a file that is not Python": Attack("def (", (70,), says="is not Python"),
    "a file with null bytes": Attack("\0", (70,), says="null bytes"),
    "a file nested too deeply": Attack("x = " + "(" * 500 + ")" * 500, (70,), says="model.py"),
    "a file of another encoding": Attack("# -*- coding: nonsense -*-", (0,)),
}
"""From what is raised to the attack."""

CRASHES = {
    "a segmentation fault at import": Attack("import ctypes\nctypes.string_at(0)", (70,), says="SIGSEGV"),
    "a segmentation fault when called": Attack(
        "import ctypes", (70,), kl=called("ctypes.string_at(0)"), says="SIGSEGV"
    ),
    "an overflow of the C stack": Attack(
        "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(2 * 10**5): x = [x]\nrepr(x)", (70,)
    ),
    "abort": Attack("os.abort()", (70,), says="SIGABRT"),
    "the end with status 0": Attack("os._exit(0)", (70,), says=_ENDED),
    "the end with status 1": Attack("os._exit(1)", (70,), says=_ENDED),
    "a kill of itself": Attack("os.kill(os.getpid(), signal.SIGKILL)", (70,), says="SIGKILL"),
    "a kill of its group": Attack("os.killpg(0, signal.SIGKILL)", (70,), says="SIGKILL"),
    "an alarm": Attack("signal.alarm(1)\ntime.sleep(9)", (70,), says="SIGALRM"),
    "memory without end, within a limit": Attack(
        "import resource\nsize = int(open('/proc/self/statm').read().split()[0]) * 4096 + 2**28\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\nx = [bytearray(2**26) for _ in range(99)]",
        (70,),
        says="MemoryError",
    ),
    "processor time within a limit": Attack(
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", (70,), says=_ENDED
    ),
    "another program in its place": Attack("os.execvp('true', ['true'])", (70,), says=_ENDED),
}
"""From how the process ends to the attack."""

DISORDER = {
    "settrace": Attack("sys.settrace(lambda *a: None)\nthreading.settrace(lambda *a: None)", (0,)),
    "a trace function that raises": Attack(
        "def t(*a): raise E\nclass E(BaseException): pass\nsys.settrace(t)", (70, 71)
    ),
    "standard output closed": Attack("sys.stdout.close()\nsys.stderr.close()", (0,)),
    "no standard output": Attack("sys.stdout = sys.stderr = sys.stdin = None", (0,)),
    "standard output replaced by what raises": Attack(
        "class Out:\n    def __getattr__(self, name): raise BaseException\nsys.stdout = sys.stderr = Out()", (0,)
    ),
    "descriptors 0 to 255 closed": Attack("os.closerange(0, 256)", (0, 70)),
    "every descriptor closed": Attack("os.closerange(0, 65536)", (70,), says=_ENDED),
    "every descriptor closed and opened as a file": Attack(
        "os.closerange(0, 1100)\nfor _ in range(1000): os.open('taken', os.O_CREAT | os.O_WRONLY)", (70,), says=_ENDED
    ),
    "no modules, when called": Attack(
        "", (70,), kl=called("sys.modules.clear()"), says="took modules out of sys.modules"
    ),
    "no more open files, when called": Attack(
        "import resource",
        (70,),
        kl=called("resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))"),
        says="lowered the limit of open files",
    ),
    "a recursion limit of 60": Attack("sys.setrecursionlimit(60)", (0, 70)),
    "every module forgotten": Attack(
        "for name in list(sys.modules):\n    if name not in ('sys', 'builtins'): del sys.modules[name]", (0, 70, 71)
    ),
    "vaelid's modules forgotten": Attack(
        "for name in [m for m in sys.modules if m[:6] == 'vaelid']: del sys.modules[name]", (0, 70, 71)
    ),
    "another folder": Attack("os.chdir('/')", (0,)),
    "a folder that is gone": Attack("os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')", (0,)),
    "a folder that is gone, and an error": Attack(
        "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\nraise ValueError('here')", (70,), says="here"
    ),
    "no environment": Attack("os.environ.clear()", (0,)),
    "no path": Attack("sys.path.clear()", (0,)),
    "the default device is meta": Attack("torch.set_default_device('meta')", (0, 2, 70, 71)),
    "the default dtype is half": Attack("torch.set_default_dtype(torch.float16)", (0, 2)),
    "no gradients": Attack("torch.set_grad_enabled(False)", (0, 71)),
    "warnings are errors": Attack("import warnings\nwarnings.simplefilter('error')", (0,)),
    "a warning that is an error": Attack(
        "import warnings\nwarnings.simplefilter('error')", (70,), kl=called("warnings.warn('now')"), says="now"
    ),
    "no garbage is collected": Attack("import gc\ngc.disable()\ngc.freeze()", (0,)),
    "a thread that raises": Attack("threading.Thread(target=lambda: 1 / 0).start()", (0,)),
    "a thread that ends the process": Attack(
        "threading.Thread(target=lambda: (time.sleep(0.2), os._exit(0))).start()\ntime.sleep(9)", (70,), says=_ENDED
    ),
    "an excepthook that raises": Attack("sys.excepthook = threading.excepthook = None", (0,)),
    "builtins replaced": Attack(
        "import builtins\nbuiltins.len = builtins.isinstance = builtins.print = None", (70, 71)
    ),
    "no file may be written": Attack("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", (0,)),
    "no file may be opened": Attack("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))", (0, 70, 71)),
    "no clock": Attack("time.perf_counter = time.monotonic = time.time = lambda: float('nan')", (0,)),
    "signals handled": Attack("[signal.signal(s, lambda *a: None) for s in (1, 2, 3, 10, 12, 14, 15)]", (0,)),
    "a mask for new files": Attack("os.umask(0o777)", (0,)),
    "a locale and a random seed": Attack(
        "import locale, random\nrandom.seed(0)\nlocale.setlocale(locale.LC_ALL, 'C')", (0,)
    ),
}
"""From what is put in disorder to the attack."""
