"""Torch's switches for the whole process: none is left out unless a reason is given, and each is set back."""

import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import pytest
import torch

from vaelid.auditor.recording.kinds_of_switch import Snapshot, Switch
from vaelid.auditor.recording.switches import GENERATORS
from vaelid.auditor.recording.switches_of_torch import OF_TORCH

NAMES = {switch.name for switch in (*OF_TORCH, *GENERATORS)}

# What sets something that a switch has under another function: by the switch's name.
UNDER_ANOTHER = {
    "_set_default_dtype": "default dtype",
    "_set_default_tensor_type": "default dtype",
    "set_default_tensor_type": "default dtype",
    "set_default_device": "default device",
    "_set_deterministic_algorithms": "deterministic algorithms",
    "use_deterministic_algorithms": "deterministic algorithms",
    "set_deterministic_debug_mode": "deterministic algorithms",
    "set_anomaly_enabled": "anomaly mode",
    "set_grad_enabled": "gradients",
    "set_autocast_enabled": "autocast on cpu",
    "set_autocast_dtype": "autocast on cpu",
    "set_autocast_cpu_*": "autocast on cpu",
    "set_autocast_gpu_*": "autocast on cuda",
    "set_autocast_ipu_*": "autocast on ipu",
    "set_autocast_xla_*": "autocast on xla",
    "_set_float32_matmul_precision": "float32 precision",
    "set_float32_matmul_precision": "float32 precision",
    "_set_fp32_precision_setter": "float32 precision",
    "_set_cublas_allow_tf32": "float32 precision",
    "_set_cudnn_allow_tf32": "float32 precision",
    "_set_cublas_allow_bf16_reduced_precision_reduction": "bf16",
    "_set_cublas_allow_fp16_reduced_precision_reduction": "fp16",
    "_jit_set_bailout_depth": "_jit_set_fusion_strategy",
    "_jit_set_emit_hooks": "hooks of scripting",
    "set_flush_denormal": "denormal numbers",
    "set_num_threads": "threads",
    "set_num_interop_threads": "threads between operations",
    "set_printoptions": "torch's printing",
    "set_rng_state": "torch",
    "set_warn_always": "warnAlways",
}

A_QUESTION = "it asks, and sets nothing"
NO_QUESTION = "nothing tells its value"
OF_A_TENSOR = "it sets something of one tensor, which is kept with the tensor"
OF_A_BLOCK = "it is entered and left by a `with`, which an audit leaves"
OF_NVFUSER = "nvfuser is no longer in torch: it warns, and does nothing"
OF_PROCESSES = "it belongs to a group of processes, which an audit neither makes nor ends"
OF_COMPILE = "torch.compile sets it around each of its own calls"
EXCLUDED = {
    "_override_stale_capture_stream": A_QUESTION,
    "_dispatch_key_set": A_QUESTION,
    "_dispatch_tls_local_*_set": A_QUESTION,
    "_dump_local_tls_set": A_QUESTION,
    "_is_default_mobile_cpu_allocator_set": A_QUESTION,
    "_distributed_rpc._is_current_rpc_agent_set": A_QUESTION,
    "_accelerator_hooks_set_current_device": "CUDA's device is a switch; to ask for another's would start it",
    "_debug_set_autodiff_subgraph_inlining": NO_QUESTION,
    "_dispatch_set_report_error_callback": NO_QUESTION,
    "_jit_set_logging_stream": NO_QUESTION,
    "_jit_set_onnx_log_output_stream": NO_QUESTION,
    "_jit_set_utf8_decoding_ignore": NO_QUESTION,
    "_logging_set_logger": NO_QUESTION,
    "_set_cached_tensors_enabled": NO_QUESTION,
    "_set_default_mobile_cpu_allocator": NO_QUESTION,
    "_set_generator_metaclass": NO_QUESTION,
    "_set_print_stack_traces_on_fatal_signal": NO_QUESTION,
    "_set_should_use_format_with_string_table": NO_QUESTION,
    "_tracer_set_force_outplace": NO_QUESTION,
    "_tracer_set_get_unique_name_fn": NO_QUESTION,
    "_autograd._set_empty_test_observer": NO_QUESTION,
    "_functorch._set_vmap_fallback_warning_enabled": NO_QUESTION,
    "_lazy._set_reuse_ir": NO_QUESTION,
    "_profiler._set_*_val": NO_QUESTION,
    "_verbose.*_set_verbose": NO_QUESTION,
    "_set_conj": OF_A_TENSOR,
    "_set_neg": OF_A_TENSOR,
    "_set_tensor_metadata": OF_A_TENSOR,
    "_set_value_trace": OF_A_TENSOR,
    "_set_throw_on_mutable_data_ptr": OF_A_TENSOR,
    "_set_warn_deprecated_on_mutable_data_ptr": OF_A_TENSOR,
    "_autograd._set_creation_meta": OF_A_TENSOR,
    "_autograd._unsafe_set_version_counter": OF_A_TENSOR,
    "_jit_pass_onnx_set_dynamic_input_shape": "it sets something of one graph",
    "_dispatch_tls_set_dispatch_key_*": OF_A_BLOCK,
    "_set_dispatch_mode": OF_A_BLOCK,
    "_set_skip_next_torch_function": OF_A_BLOCK,
    "_functorch._maybe_unsafe_set_level": OF_A_BLOCK,
    "_functorch._set_dynamic_layer_keys_included": OF_A_BLOCK,
    "_functorch.tls_set_vmap_excluded": OF_A_BLOCK,
    "_jit_nvfuser_set_comparison_callback": OF_NVFUSER,
    "_jit_set_nvfuser_*": OF_NVFUSER,
    "_set_worker_pids": OF_PROCESSES,
    "_set_worker_signal_handlers": OF_PROCESSES,
    "_distributed_c10d.*": OF_PROCESSES,
    "_distributed_rpc.*": OF_PROCESSES,
    "_autograd._saved_tensors_hooks_set_tracing": OF_COMPILE,
    "_dynamo.*": OF_COMPILE,
    "_cuda_tunableop_*": "it belongs to a search for the fastest kernels, which writes to a file",
    "_cuda*_set_*": "of builds with CUDA: what has a question is a switch",
}
"""Why a function that sets something of the process has no switch, by its name below `torch._C`."""


def modules_of_c() -> dict[str, Any]:
    """The modules inside `torch._C`, and it, by what their members' names begin with here."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", torch._C)]
    while waiting:
        name, module = waiting.pop()
        if name not in found:
            found[name] = module
            waiting += [
                (f"{name}{inner}.", value)
                for inner, value in vars(module).items()
                if isinstance(value, types.ModuleType) and value.__name__.startswith("torch._C")
            ]
    return found


def setters() -> Iterator[tuple[str, Any]]:
    """The functions of `torch._C` and of `torch` whose names have the word `set`, `override` or `use`, by name."""
    for prefix, module in modules_of_c().items():
        for name, value in vars(module).items():
            if callable(value) and not isinstance(value, type) and {"set", "override"} & {*name.split("_")}:
                yield prefix + name, value
    for name, value in vars(torch).items():
        if name.startswith(("set_", "use_")) and callable(value):
            yield name, value


def is_under(name: str, patterns: dict[str, str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def unlisted(functions: Iterator[tuple[str, Any]], switches: tuple[Switch, ...]) -> list[str]:
    of_switches = [switch.set for switch in switches]
    return sorted(
        {
            name
            for name, function in functions
            if not any(function is known for known in of_switches)
            and not is_under(name, UNDER_ANOTHER)
            and not is_under(name, EXCLUDED)
        }
    )


def test_every_function_of_torch_that_sets_something_of_the_process_has_a_switch_or_a_reason_for_none():
    assert len(list(setters())) > 150
    assert unlisted(setters(), OF_TORCH) == []


def test_a_function_without_either_is_found():
    rest = tuple(switch for switch in OF_TORCH if switch.name not in ("cudnn_benchmark", "warnAlways"))
    assert unlisted(setters(), rest) == ["_set_cudnn_benchmark", "_set_warnAlways"]
    assert unlisted(iter([("_set_something_new", lambda: None)]), OF_TORCH) == ["_set_something_new"]


def test_what_is_said_to_be_under_another_name_is_a_switch():
    assert set(UNDER_ANOTHER.values()) <= NAMES


def test_what_is_excluded_for_want_of_a_question_has_none():
    """Neither `_get_x`, nor `_is_x`, nor `x` or `x_enabled` beside `_set_x`."""
    for prefix, module in modules_of_c().items():
        words = {frozenset(name.strip("_").split("_")) - {"get", "is", "enabled"}: name for name in vars(module)}
        for name in vars(module):
            if EXCLUDED.get(prefix + name) == NO_QUESTION:
                asked = frozenset(name.strip("_").split("_")) - {"set", "enabled"}
                assert asked not in words, (name, words.get(asked))


@pytest.fixture
def kept() -> Iterator[Snapshot]:
    """Torch's switches before the test, all of them set back after it, whatever it asserts."""
    kept = Snapshot(OF_TORCH)
    yield kept
    kept.restore()


def other(value: Any) -> Any:
    """Another value of the kind; None where this does not know one."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case torch.dtype():
            return torch.float64 if value == torch.float32 else torch.float32
    return None


ONCE = {"threads between operations"}  # torch lets it be set a single time in a process
PLAIN = {s.name: s for s in OF_TORCH if other(s.get()) is not None and s.name not in ONCE}


@pytest.mark.parametrize("name", PLAIN)
def test_a_switch_with_a_plain_value_is_set_back(name, kept, recwarn):
    switch = PLAIN[name]
    before = switch.get()
    with suppress(RuntimeError):  # what this build, or this processor, does not have
        switch.set(other(before))
    assert kept.restore() == []
    assert switch.get() == before


def test_most_switches_with_a_plain_value_can_be_changed_here(kept, recwarn):
    changed = []
    for switch in PLAIN.values():
        before = switch.get()
        with suppress(RuntimeError):
            switch.set(other(before))
        changed.append(switch.get() != before)
        assert kept.restore() == []
    assert len(changed) > 60
    assert sum(changed) > 0.85 * len(changed)  # the rest need CUDA, XPU, ROCm or another processor


OTHER_VALUES: dict[str, tuple[str, Callable[[], Any]]] = {
    "fusion strategy": ("_jit_set_fusion_strategy", lambda: torch._C._jit_set_fusion_strategy([("STATIC", 7)])),
    "profiling executor": ("_jit_set_profiling_executor", lambda: torch._C._jit_set_profiling_executor(False)),
    "autocast in scripts": ("_jit_set_autocast_mode", lambda: torch._C._jit_set_autocast_mode(False)),
    "name of the thread": ("thread_name", lambda: torch._C._set_thread_name("mine")),
    "level of c10d": (
        "_distributed_c10d.get_debug_level",
        lambda: torch._C._distributed_c10d.set_debug_level(torch.distributed.DebugLevel.DETAIL),
    ),
    "hooks of saved tensors": (
        "hooks of saved tensors",
        lambda: torch._C._autograd._saved_tensors_hooks_disable("not now", True),
    ),
    "qengine": ("qengine", lambda: setattr(torch.backends.quantized, "engine", "qnnpack")),
}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_switch_with_another_kind_of_value_is_set_back(name, kept):
    known, change = OTHER_VALUES[name]
    (switch,) = [switch for switch in OF_TORCH if switch.name == known]
    before = switch.get()
    change()
    assert not switch.same(switch.get(), before)
    assert kept.restore() == []
    assert switch.same(switch.get(), before)


def test_a_switch_that_cannot_be_read_is_said_and_keeps_no_other_from_being_set_back(kept):
    def refuse(*_: Any) -> Any:
        raise RuntimeError("mixed")

    both = Snapshot((Switch("unreadable", refuse, refuse), *OF_TORCH))
    torch.set_default_dtype(torch.float64)
    assert both.restore() == ["unreadable: RuntimeError"]
    assert torch.get_default_dtype() == torch.float32
