"""User code that will not end, or whose processes will not: the command comes back in time and leaves none behind."""

from tests.interface.hostile.attack import Attack, called

_LONG = "time.sleep(300)"
_IN_CHILD = "if os.fork() == 0:\n    noted()\n    {do}\n    os._exit(0)\n"
_DAEMON = (
    "if os.fork() == 0:\n    os.setsid()\n    if os.fork():\n        os._exit(0)\n    noted()\n    {do}\n    os._exit(0)\n"
    "time.sleep(0.3)\n"
)
_SLEEPER = "[sys.executable, '-c', 'import time; time.sleep(300)']"
_STILL = "was still running after"
_ENDED = "ended the whole process"

LIFETIMES = {
    # processes that outlive what started them: the verdict comes, and they go
    "a child that sleeps": Attack(_IN_CHILD.format(do=_LONG), (0,)),
    "a child with a session of its own": Attack(_IN_CHILD.format(do=f"os.setsid(); {_LONG}"), (0,)),
    "a daemon, forked twice": Attack(_DAEMON.format(do=_LONG), (0,)),
    "a daemon that ignores every signal it can": Attack(
        _DAEMON.format(do=f"[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 3, 10, 12, 13, 14, 15)]; {_LONG}"), (0,)
    ),
    "a daemon that closed and forgot everything": Attack(
        _DAEMON.format(do=f"os.closerange(0, 4096); os.chdir('/'); os.environ.clear(); {_LONG}"), (0,)
    ),
    "a daemon that forks anew all the time": Attack(
        _DAEMON.format(
            do="end = time.time() + 60\n    while time.time() < end:\n        if os.fork(): os._exit(0)\n        noted()\n"
            "        time.sleep(0.02)"
        ),
        (0,),
    ),
    "a program with the audit's descriptors": Attack(f"noted(subprocess.Popen({_SLEEPER}).pid)", (0,)),
    "a program with every descriptor, in a session of its own": Attack(
        "for fd in range(3, 1100):\n    try: os.set_inheritable(fd, True)\n    except OSError: pass\n"
        f"noted(subprocess.Popen({_SLEEPER}, close_fds=False, start_new_session=True).pid)",
        (0,),
    ),
    "a program under nohup and setsid": Attack(
        "noted(subprocess.Popen(['setsid', 'nohup', 'sleep', '300'], stdout=-3).pid)\ntime.sleep(0.3)", (0,)
    ),
    "a multiprocessing worker that is not joined": Attack(
        "import multiprocessing\nworker = multiprocessing.get_context('fork').Process(target=time.sleep, args=(300,))\n"
        "worker.start()\nnoted(worker.pid)",
        (0,),
    ),
    "persistent DataLoader workers": Attack(
        "from torch.utils.data import DataLoader\nloader = DataLoader(range(8), num_workers=2, persistent_workers=True)\n"
        "first = next(iterator := iter(loader))\n[noted(w.pid) for w in iterator._workers]",
        (0,),
    ),
    "a thread that goes on": Attack("threading.Thread(target=time.sleep, args=(300,)).start()", (0,)),
    "a child that sleeps, and the end of its parent": Attack(
        _IN_CHILD.format(do=_LONG) + "os._exit(0)", (70,), says=_ENDED
    ),
    "a daemon, and a loop without end": Attack(
        _DAEMON.format(do=_LONG) + "while True: pass", (70,), says=_STILL, limit=2
    ),
    # code that will not end
    "a loop at import": Attack("while True: pass", (70,), says="model.py, line 10", limit=2),
    "a loop when called": Attack("", (70,), kl=called("while True: pass"), says="model.py, line 13", limit=2),
    "a loop in C that holds the interpreter": Attack(
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')", (70,), says="model.py, line 11", limit=2
    ),
    "a loop that catches all": Attack(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", (70,), says=_STILL, limit=2
    ),
    "a loop after the timer was switched off": Attack(
        "import faulthandler\nfaulthandler.cancel_dump_traceback_later()\nwhile True: pass", (70,), says=_STILL, limit=2
    ),
    "a sleep with every signal blocked": Attack(
        f"signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n{_LONG}", (70,), says=_STILL, limit=2
    ),
    "a process that stops itself": Attack("os.kill(os.getpid(), signal.SIGSTOP)", (70,), says=_STILL, limit=2),
    "a wait for input": Attack("input()", (70,), says="EOFError", limit=5),
    "output without end": Attack("while True: print('x' * 1000)", (70,), says=_STILL, limit=2),
    "output without end, to every descriptor": Attack(
        "while True:\n    for fd in range(3, 1100):\n        try: os.write(fd, b'x' * 65536)\n        except OSError: pass",
        (70,),
        limit=2,
    ),
    "a wait for a process": Attack(f"subprocess.run({_SLEEPER})", (70,), says=_STILL, limit=2),
    "a deadlock": Attack("lock = threading.Lock()\nlock.acquire()\nlock.acquire()", (70,), says=_STILL, limit=2),
    "a lock around the interpreter's switching": Attack(
        "sys.setswitchinterval(1e6)\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()\n"
        "time.sleep(0.1)",
        (0, 70),
        limit=2,
    ),
}
"""From what is done to the attack."""
