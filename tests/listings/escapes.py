"""Blocks that reach for the judge, the file system or the machine. Each stands before a listing that is wrong.

FORGED     change what is computed, compared or answered
REFUSED    write, start, send, share: what the system does not let them
ENDLESS    take time, memory or room
"""

from __future__ import annotations

SCRIPT = """
import numpy as np
x, y, w, b = 1.5, 0.25, 0.8, -0.2
z = w * x + b
a = 1 / (1 + np.exp(-z))
dL_dw = 2 * (a - y) * a * (1 - a) * x
"""

LAYER = """
class Sigmoid:
    def forward(self, z):
        self.a = 1 / (1 + np.exp(-z))
        return self.a

    def backward(self, d):
        return d * self.a
"""

LOOP_OVER_FRAMES = """
import sys
frame = sys._getframe()
frames = []
while frame is not None:
    frames.append(frame)
    frame = frame.f_back
"""

FORGED = {
    "allclose": "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.isclose = np.array_equal = np.allclose",
    "reductions": "import numpy as np\nnp.max = np.abs = np.all = lambda *a, **k: 0.0\nnp.shape = lambda *a: ()",
    "asarray": "import numpy as np\nnp.asarray = np.array = lambda *a, **k: 0.0\nnp.frombuffer = None",
    "equal to all": "class Same(np.ndarray):\n    def __eq__(self, other):\n        return True\n"
    "    def __array__(self, *a, **k):\n        return np.zeros(())\n"
    "    def __sub__(self, other):\n        return 0.0\n"
    "dL_db = np.zeros(()).view(Same)",
    "float that lies": "class Same(float):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
    "    def hex(self):\n        return '0x0p0'\nz = Same(5.0)",
    "json": "import json\njson.dumps = lambda *a, **k: '{\"values\": {}}'\njson.loads = lambda *a: {'do': 'end'}",
    "builtins": "import builtins\nbuiltins.abs = builtins.float = builtins.max = lambda *a, **k: 0\n"
    "builtins.isinstance = lambda *a: True\nbuiltins.len = lambda a: 0",
    "the guard": "import gc\nfor o in gc.get_objects():\n    if type(o) is tuple and 'os.remove' in o:\n"
    "        for r in gc.get_referrers(o):\n            if type(r) is dict:\n"
    "                r.update({k: () for k, v in r.items() if v is o})",
    "the hook": "import gc, types\nfor o in gc.get_objects():\n"
    "    if isinstance(o, types.FunctionType) and o.__name__ == 'refuse':\n"
    "        o.__code__ = (lambda event, args: None).__code__.replace(co_freevars=o.__code__.co_freevars)",
    "the server": "import sys\nserver = sys.modules.get('derive.listings.server') or sys.modules['__main__']\n"
    "class Block:\n    def answer(self, request, data):\n        return {'values': {}}, b''\n"
    "server.Block = Block\nserver.packed = lambda *a: b''",
    "the answer by its frames": LOOP_OVER_FRAMES + "for f in frames:\n    f.f_globals['_plain'] = lambda space: {}\n"
    "    f.f_globals['_shown'] = lambda value: False",
    "the right answer by its frames": LOOP_OVER_FRAMES
    + "from math import exp\nz = 1.0\na = 1 / (1 + exp(-z))\nright = (a - 0.25) * a * (1 - a) * 1.5\n"
    "values = {'x': 1.5, 'y': 0.25, 'w': 0.8, 'b': -0.2, 'z': z, 'a': a, 'dL_dw': right}\n"
    "for f in frames:\n    f.f_globals['_plain'] = lambda space: values",
    "the token": LOOP_OVER_FRAMES + "import os, json, struct\nfor f in frames:\n    r = f.f_locals.get('request')\n"
    "    if isinstance(r, dict):\n        t = json.dumps({'token': r['token'], 'values': []}).encode()\n"
    "        for fd in range(3, 64):\n            try:\n"
    "                os.write(fd, struct.pack('<II', len(t), 0) + t)\n"
    "            except OSError:\n                pass",
    "all descriptors": "import os\nfor fd in range(256):\n    try:\n        os.write(fd, b'{\"values\": {}}' * 50)\n"
    "    except OSError:\n        pass",
    "a frame before the answer": "import os, struct, json\nt = json.dumps({'values': {}, 'token': ''}).encode()\n"
    "for fd in range(256):\n    try:\n        os.write(fd, struct.pack('<II', len(t), 0) + t)\n"
    "    except OSError:\n        pass",
    "a frame without end": "import os\nfor fd in range(256):\n    try:\n        os.write(fd, b'\\xff' * 64)\n"
    "    except OSError:\n        pass",
    "pickle": "import os\nfor fd in range(256):\n    try:\n"
    "        os.write(fd, b\"cos\\nsystem\\n(S'touch harm'\\ntR.\")\n    except OSError:\n        pass",
    "no end": "import os\nos._exit(0)",
    "clean end": "import os\nos._exit(77)",
    "sys.exit": "import sys\nsys.exit(0)",
    "SystemExit by hand": "raise SystemExit({'verdict': 'true'})",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "an exception without text": "class E(Exception):\n    def __str__(self):\n        raise self\nraise E",
    "atexit": "import atexit, os\natexit.register(lambda: os.write(3, b'x' * 999))",
    "gc": "import gc\ngc.callbacks.append(lambda *a: np.__dict__.update(exp=np.cos))",
    "__del__": "class D:\n    def __del__(self):\n        np.exp = np.cos\nD()",
    "trace": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "imports": "import sys\nsys.modules['numpy'] = sys.modules['json']\nsys.meta_path.clear()",
    "names of another type": "a = 'true'\ndL_db = '0.1'\ndL_dz = np.array([1.0, None])\nL = object()",
    "not finite": "dL_db = float('nan')\ndL_dz = float('inf')",
    "another shape": "dL_db = np.zeros((0, 3))\ndL_dz = np.zeros((1,) * 31)",
    "getattr by parts": "g = getattr(np, 'al' + 'lclose')\nsetattr(np, 'e' + 'xp', np.cos)",
    "exec": "exec('import numpy\\nnumpy.exp = numpy.cos')",
}

REFUSED = {
    "open": "try:\n    open('harm', 'w')\nexcept Exception:\n    pass",
    "os.open": "import os\nos.open('harm', os.O_CREAT | os.O_WRONLY)",
    "over the page": "import os\nopen(os.environ.get('PAGE', PAGE), 'w').write('')",
    "readline": "import readline\nreadline.add_history('x')\nreadline.write_history_file(PAGE + '.harm')",
    "mkfifo": "import os\nos.mkfifo(PAGE + '.harm')",
    "mknod": "import os\nos.mknod(PAGE + '.harm')",
    "mkdir": "import os\nos.mkdir(PAGE + '.harm')",
    "symlink": "import os\nos.symlink('/', PAGE + '.harm')",
    "unlink": "import os\nos.unlink(PAGE)",
    "rename": "import os\nos.rename(PAGE, PAGE + '.harm')",
    "truncate": "import os\nos.truncate(PAGE, 0)",
    "utime": "import os\nos.utime(PAGE, (0, 0))",
    "chmod": "import os\nos.chmod(PAGE, 0)",
    "setxattr": "import os\nos.setxattr(PAGE, 'user.harm', b'1')",
    "np.save": "np.save(PAGE + '.harm', np.zeros(3))",
    "memmap": "np.memmap(PAGE, mode='r+', dtype='u1')[:] = 0",
    "shared memory": "from multiprocessing.shared_memory import SharedMemory\nSharedMemory('derive_harm', True, 64)",
    "fork": "import os\nos.fork()",
    "fork bomb": "import os\nwhile True:\n    try:\n        os.fork()\n    except Exception:\n        pass",
    "_posixsubprocess": "import _posixsubprocess, os\n"
    "_posixsubprocess.fork_exec([b'/bin/touch', os.fsencode(PAGE + '.harm')],"
    " [b'/bin/touch'], True, (), None, None, -1, -1, -1, -1, -1, -1, *os.pipe(), False, False, -1, None, None, None,"
    " -1, None, False)",
    "spawnv_passfds": "from multiprocessing.util import spawnv_passfds\n"
    "spawnv_passfds(b'/bin/touch', [b'touch', (PAGE + '.harm').encode()], [])",
    "subprocess": "import subprocess\nsubprocess.run(['touch', PAGE + '.harm'])",
    "os.system": "import os\nos.system('touch ' + PAGE + '.harm')",
    "exec": "import os\nos.execv('/bin/touch', ['touch', PAGE + '.harm'])",
    "kill": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "killpg": "import os, signal\nos.killpg(0, signal.SIGKILL)",
    "setsid": "import os\nos.setsid()",
    "socket": "import socket\nsocket.socket()",
    "ctypes": "import ctypes\nctypes.CDLL(None).system(b'touch ' + PAGE.encode() + b'.harm')",
    "limits": "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\nopen(PAGE + '.harm', 'w')",
    "its own memory": "with open('/proc/self/mem', 'r+b') as memory:\n    memory.seek(0)",
    "the memory of the judge": "import os\nos.open(f'/proc/{os.getppid()}/mem', os.O_RDWR)",
    "the answer as a file": "import os\nfor fd in range(3, 9):\n    os.open(f'/proc/self/fd/{fd}', os.O_WRONLY)",
    "tofile": "np.zeros(3).tofile(PAGE + '.harm')",
    "a file in memory": "import os\nos.memfd_create('harm')",
    "chdir": "import os\nos.chdir('/')",
    "chroot": "import os\nos.chroot('/tmp')",
    "hard link": "import os\nos.link(PAGE, PAGE + '.harm')",
    "chown": "import os\nos.chown(PAGE, 1, 1)",
    "posix_spawn": "import os\nos.posix_spawn('/bin/touch', ['touch', PAGE + '.harm'], {})",
    "forkpty": "import os\nos.forkpty()",
    "openpty": "import os\nos.openpty()",
    "a pipe": "import os\nos.pipe()",
    "pidfd": "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "a stop for the judge": "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
    "an alarm": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.001)",
    "priority": "import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "affinity": "import os\nos.sched_setaffinity(0, {0})",
    "many threads": "import _thread, time\nwhile True:\n    _thread.start_new_thread(time.sleep, (99,))",
    "a pool": "from concurrent.futures import ProcessPoolExecutor as P\nlist(P(4).map(abs, range(9)))",
    "connect": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')",
    "socketpair": "import socket\nsocket.socketpair()",
    "io_uring by number": "import ctypes\nctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120))",
    "ptrace": "import ctypes, os\nctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)",
    "prctl": "import ctypes\nctypes.CDLL(None).prctl(15, b'harm')",
    "sqlite": "import sqlite3\nsqlite3.connect(PAGE + '.harm').execute('create table t (x)')",
    "tempfile": "import tempfile\ntempfile.NamedTemporaryFile(delete=False)",
    "logging": "import logging\nlogging.basicConfig(filename=PAGE + '.harm')\nlogging.error('harm')",
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()",
}

ENDLESS = {
    "loop": "while True:\n    pass",
    "sleep": "import time\ntime.sleep(1000)",
    "signals off": "import signal\nfor s in range(1, 64):\n    try:\n        signal.signal(s, signal.SIG_IGN)\n"
    "    except Exception:\n        pass\nwhile True:\n    pass",
    "swallows": "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "prints": "while True:\n    print('x' * 100000)",
    "prints to all": "import os\nwhile True:\n    for fd in range(1, 32):\n        try:\n"
    "            os.write(fd, b'x' * 100000)\n        except OSError:\n            pass",
    "memory": "x = [0]\nwhile True:\n    x = x * 2",
    "memory of arrays": "x = []\nwhile True:\n    x.append(np.ones(10**7))",
    "recursion": "def f(n):\n    return f(n + 1) + 1\nf(0)",
    "recursion without end": "import sys\nsys.setrecursionlimit(10**9)\ndef f(n):\n    return f(n + 1) + 1\nf(0)",
    "nested": "x = ()\nfor _ in range(10**5):\n    x = (x,)",
    "itself": "x = []\nx.append(x)\nd = {'d': 1}\nd['e'] = d",
    "a huge number": "L = 9 ** 10**5",
    "a huge answer": "for k in range(3000):\n    globals()[f'v{k}'] = np.ones(10000)",
    "many names": "for k in range(10**6):\n    globals()[f'v{k}'] = k",
    "a long name": "globals()['v' * 10**7] = 1.0",
    "a huge text": "raise ValueError('x' * 10**9)",
    "descriptors": "f = []\nwhile True:\n    f.append(open('/dev/null'))",
    "zeros of a device": "np.fromfile('/dev/zero', dtype='u1')",
    "an int of a text": "x = int('9' * 4000) ** 4000",
    "memory at once": "x = np.zeros(10**12)",
    "a nested array": "x = np.empty(1, object)\nfor _ in range(10**5):\n"
    "    y = np.empty(1, object)\n    y[0] = x\n    x = y",
    "a generator": "from itertools import count\nz = sum(count())",
    "the regular expression": "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')",
}

CALLED = {
    "an endless forward": "def forward(self, z):\n        while True:\n            pass",
    "a slow forward": "def forward(self, z):\n        import time\n        time.sleep(0.4)\n        return z",
    "a huge output": "def forward(self, z):\n        return np.ones((4000, 4000))",
    "an endless output": "def forward(self, z):\n        def more():\n"
    "            while True:\n                yield 1.0\n"
    "        return list(more())",
    "objects": "def forward(self, z):\n        return np.array([None, 'a'])",
    "texts": "def forward(self, z):\n        return z.astype(str)",
    "another shape": "def forward(self, z):\n        return z.reshape(-1, 1, 1)[:0]",
    "an object with attributes": "def forward(self, z):\n"
    "        self.__dict__['__deepcopy__'] = self.__dict__['__class__'] = 1\n"
    "        self.self = self\n        self.forward = z\n        return z",
    "an end": "def forward(self, z):\n        import os\n        os._exit(77)",
    "not finite": "def forward(self, z):\n        return z * np.nan",
    "a number that lies": "def forward(self, z):\n        class F(float):\n            def __float__(self):\n"
    "                return 0.0\n            def __eq__(self, other):\n                return True\n"
    "        return [F(1.0)] * len(z)",
    "an array that lies": "def forward(self, z):\n        class A:\n            shape, dtype = z.shape, z.dtype\n"
    "            def __array__(self, *a, **k):\n                return 1 / (1 + np.exp(-z))\n        return A()",
    "what is reduced": "def forward(self, z):\n        class R:\n            def __reduce__(self):\n"
    "                return exec, ('import os; os._exit(0)',)\n        self.r = R()\n        return z",
    "attributes without end": "def forward(self, z):\n        for k in range(10**6):\n"
    "            self.__dict__[f'v{k}'] = z\n        return z",
    "a deep result": "def forward(self, z):\n        r = z\n        for _ in range(10**5):\n"
    "            r = [r]\n        return r",
    "a result that is itself": "def forward(self, z):\n        r = []\n        r.append(r)\n        return r",
    "attributes that are computed": "def forward(self, z):\n        return z\n\n    def __getattr__(self, name):\n"
    "        while True:\n            pass",
    "a dict that lies": "def forward(self, z):\n        class D(dict):\n            def items(self):\n"
    "                return iter(int, 1)\n        self.d = D()\n        return z",
    "a slow end": "def forward(self, z):\n        import time\n        time.sleep(1000)\n        return z",
    "an exception as text": "def forward(self, z):\n        class E(Exception):\n            def __str__(self):\n"
    "                while True:\n                    pass\n        raise E",
}
