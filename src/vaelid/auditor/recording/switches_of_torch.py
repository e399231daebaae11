"""Torch's switches for the whole process, one line each."""

from collections.abc import Callable, Iterator
from importlib import import_module
from operator import attrgetter
from typing import Any

import torch
from torch.backends import PropModule
from torch.distributions import Distribution, kl

from vaelid.auditor.recording.kinds_of_switch import Switch, of_attribute, of_own_attribute, of_table
from vaelid.auditor.recording.precision import of_precision

__all__ = ["OF_TORCH"]

_C: Any = torch._C
_PRINTING: Any = torch.__dict__["_tensor_str"].PRINT_OPTS

_PAIRS = """
_get_warnAlways _set_warnAlways
_get_cudnn_enabled _set_cudnn_enabled
_get_cudnn_benchmark _set_cudnn_benchmark
_get_cudnn_deterministic _set_cudnn_deterministic
_get_cudnn_depthwise_kernel _set_cudnn_depthwise_kernel
_get_onednn_allow_tf32 _set_onednn_allow_tf32
_get_cublas_allow_fp16_accumulation _set_cublas_allow_fp16_accumulation
_get_cpu_allow_fp16_reduced_precision_reduction _set_cpu_allow_fp16_reduced_precision_reduction
_get_sm_carveout_experimental _set_sm_carveout_experimental
_get_blas_preferred_backend _set_blas_preferred_backend
_get_linalg_preferred_backend _set_linalg_preferred_backend
_get_rocm_fa_preferred_backend _set_rocm_fa_preferred_backend
_get_flash_sdp_enabled _set_sdp_use_flash
_get_fa3_sdp_enabled _set_sdp_use_fa3
_get_mem_efficient_sdp_enabled _set_sdp_use_mem_efficient
_get_math_sdp_enabled _set_sdp_use_math
_get_cudnn_sdp_enabled _set_sdp_use_cudnn
_get_overrideable_sdp_enabled _set_sdp_use_overrideable
_get_sdp_priority_order _set_sdp_priority_order
_get_math_sdp_allow_fp16_bf16_reduction _set_math_sdp_allow_fp16_bf16_reduction
_get_mkldnn_enabled _set_mkldnn_enabled
_get_mkldnn_deterministic _set_mkldnn_deterministic
_get_nnpack_enabled _set_nnpack_enabled
_get_miopen_immediate _set_miopen_immediate
_get_qengine _set_qengine
_get_deterministic_fill_uninitialized_memory _set_deterministic_fill_uninitialized_memory
_check_sparse_tensor_invariants _set_check_sparse_tensor_invariants
_get_autograd_fallback_mode _set_autograd_fallback_mode
_is_multithreading_enabled _set_multithreading_enabled
_is_view_replay_enabled _set_view_replay_enabled
_is_grad_layout_enforcement_enabled _set_grad_layout_enforcement_enabled
_is_fwd_grad_enabled _set_fwd_grad_enabled
_warn_on_accumulate_grad_stream_mismatch _set_warn_on_accumulate_grad_stream_mismatch
_override_stale_capture_stream _set_override_stale_capture_stream
_get_dtensor_allow_implicit_replication _set_dtensor_allow_implicit_replication
_get_backcompat_broadcast_warn _set_backcompat_broadcast_warn
_get_backcompat_keepdim_warn _set_backcompat_keepdim_warn
_get_torch_function_state _set_torch_function_state
_get_graph_executor_optimize _set_graph_executor_optimize
_debug_get_fusion_group_inlining _debug_set_fusion_group_inlining
_jit_get_inline_everything_mode _jit_set_inline_everything_mode
_jit_get_num_profiled_runs _jit_set_num_profiled_runs
_jit_llga_enabled _jit_set_llga_enabled
_jit_texpr_fuser_enabled _jit_set_texpr_fuser_enabled
_jit_texpr_reductions_enabled _jit_set_texpr_reductions_enabled
_jit_texpr_fallback_allowed _jit_texpr_set_fallback_allowed
_jit_get_tracer_state_warn _jit_set_tracer_state_warn
_jit_can_fuse_on_cpu _jit_override_can_fuse_on_cpu
_jit_can_fuse_on_gpu _jit_override_can_fuse_on_gpu
_jit_can_fuse_on_cpu_legacy _jit_override_can_fuse_on_cpu_legacy
_jit_get_te_cuda_pointwise_block_count _jit_set_te_cuda_pointwise_block_count
_jit_get_te_cuda_pointwise_block_size _jit_set_te_cuda_pointwise_block_size
_jit_get_te_cuda_pointwise_loop_levels _jit_set_te_cuda_pointwise_loop_levels
_jit_get_te_generate_block_code _jit_set_te_generate_block_code
_jit_get_te_must_use_llvm_cpu _jit_set_te_must_use_llvm_cpu
_jit_texpr_dynamic_shape_enabled _jit_set_texpr_dynamic_shape_enabled
_jit_symbolic_shapes_test_mode_enabled _jit_set_symbolic_shapes_test_mode
_jit_get_logging_option _jit_set_logging_option
_jit_is_onnx_log_enabled _jit_set_onnx_log_enabled
_get_tracing_state _set_tracing_state
_get_graph_exec_group _set_graph_exec_group
_get_thread_name _set_thread_name
_only_lift_cpu_tensors _set_only_lift_cpu_tensors
_meta_in_tls_dispatch_include _set_meta_in_tls_dispatch_include
_debug_only_are_vmap_fallback_warnings_enabled _debug_only_display_vmap_fallback_warnings
_functorch._is_vmap_fallback_enabled _functorch._set_vmap_fallback_enabled
_functorch.get_inplace_requires_grad_allowed _functorch.set_inplace_requires_grad_allowed
_functorch.get_single_level_autograd_function_allowed _functorch.set_single_level_autograd_function_allowed
_lazy._get_force_fallback _lazy._set_force_fallback
_lazy._get_symbolic_shape_mode _lazy._set_symbolic_shape_mode
_distributed_c10d.get_debug_level _distributed_c10d.set_debug_level
_cuda_get_sync_debug_mode _cuda_set_sync_debug_mode
_cuda_get_cudnn_benchmark_limit _cuda_set_cudnn_benchmark_limit
"""
"""Of `torch._C`: the question, and what sets the answer. A version of torch that lacks one has no such switch."""

_SWAPPED = """
_jit_set_profiling_executor
_jit_set_profiling_mode
_jit_set_autocast_mode
"""
"""Of `torch._C`: what sets True or False, and gives what was set before."""

_ATTRIBUTES = """
torch.__future__ _overwrite_module_params_on_conversion
torch.__future__ _swap_module_params_on_conversion
torch.backends __allow_nonbracketed_mutation_flag
torch.backends.mha _is_fastpath_enabled
torch.backends.opt_einsum enabled
torch.backends.opt_einsum strategy
torch.hub _hub_dir
torch.multiprocessing _sharing_strategy
torch.nn.modules.module _global_is_full_backward_hook
torch.nn.utils.parametrize _cache_enabled
torch.utils.checkpoint _checkpoint_debug_enabled
torch.utils.checkpoint _enable_checkpoint_early_stop
torch.utils.checkpoint.DefaultDeviceType _default_device_type
"""
"""A module, and its variable that a function of torch's sets."""

_TABLES = """
torch.nn.modules.module _global_forward_hooks
torch.nn.modules.module _global_forward_pre_hooks
torch.nn.modules.module _global_forward_hooks_always_called
torch.nn.modules.module _global_forward_hooks_with_kwargs
torch.nn.modules.module _global_backward_hooks
torch.nn.modules.module _global_backward_pre_hooks
torch.nn.modules.module _global_parameter_registration_hooks
torch.nn.modules.module _global_buffer_registration_hooks
torch.nn.modules.module _global_module_registration_hooks
torch.optim.optimizer _global_optimizer_pre_hooks
torch.optim.optimizer _global_optimizer_post_hooks
torch.nn.utils.parametrize _cache
torch.distributions.biject_to _registry
torch.distributions.transform_to _registry
"""
"""Hooks on all modules and all optimizers, and what is registered."""


def _at(path: str) -> Any:
    """A module of torch's, or what one holds."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        owner, _, name = path.rpartition(".")
        return getattr(import_module(owner), name)


def _lines(table: str) -> list[tuple[str, str]]:
    return [(first, second) for first, second in map(str.split, table.strip().splitlines())]


def _found(table: str) -> Iterator[tuple[Any, str]]:
    """Those of the table that this version of torch has."""
    for path, name in _lines(table):
        try:
            owner = _at(path)
        except (ImportError, AttributeError):
            continue
        if hasattr(owner, name):
            yield owner, name


def _flags() -> Iterator[Switch]:
    for get, put in _lines(_PAIRS):
        try:
            yield Switch(get.removeprefix("_get_"), *attrgetter(get, put)(_C))
        except AttributeError:
            continue
    for name in ("fp16", "bf16"):  # two answers, and each may be set alone
        get = getattr(_C, f"_get_cublas_allow_{name}_reduced_precision_reduction")
        put = getattr(_C, f"_set_cublas_allow_{name}_reduced_precision_reduction")
        yield Switch(name, get, lambda value, put=put: put(*value) if isinstance(value, tuple) else put(value))


def _of_jit() -> Iterator[Switch]:
    for name in _SWAPPED.split():
        if hasattr(_C, name):
            yield _swapped(getattr(_C, name), True)
    yield _swapped(_C._jit_set_fusion_strategy, [])
    yield Switch("hooks of scripting", _C._jit_get_emit_hooks, lambda value: _C._jit_set_emit_hooks(*value))


def _swapped(put: Callable[[Any], Any], any_value: Any) -> Switch:
    """Of a function that sets a value and gives the one before. No other function tells it."""

    def get() -> Any:
        before = put(any_value)
        put(before)
        return before

    return Switch(put.__name__, get, put)


def _allow_saving(message: str | None) -> None:
    """Have saved tensors' hooks refused with this message, or with none allowed."""
    if message is None:
        _C._autograd._saved_tensors_hooks_enable()
    else:
        _C._autograd._saved_tensors_hooks_disable(message, False)


def _cuda_device() -> int | None:
    return torch.cuda.current_device() if torch.cuda.is_initialized() else None  # asking would start CUDA


def _to_cuda_device(device: int | None) -> None:
    if device is not None:
        torch.cuda.set_device(device)


def _default_device() -> Any:
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    return None if context is None else context.device


def _flushes_denormals() -> bool:
    tiny = 1e-310
    return tiny * 1.0 == 0.0  # torch has no question for it


def _autocasts() -> Iterator[Switch]:
    for device in ("cpu", "cuda", "xpu", "mps", "xla", "hpu", "mtia", "ipu", "privateuseone"):

        def get(device: str = device) -> tuple[bool, torch.dtype]:
            return torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)

        def put(value: tuple[bool, torch.dtype], device: str = device) -> None:
            torch.set_autocast_enabled(device, value[0])
            torch.set_autocast_dtype(device, value[1])

        yield Switch(f"autocast on {device}", get, put)


def _depth() -> int:
    torch.autocast_increment_nesting()
    return torch.autocast_decrement_nesting()


def _to_depth(depth: int) -> None:
    while _depth() > depth:
        torch.autocast_decrement_nesting()
    while _depth() < depth:
        torch.autocast_increment_nesting()
    if depth == 0:
        torch.clear_autocast_cache()


def _register_kl(items: dict[Any, Any]) -> None:
    kl._KL_REGISTRY.clear()
    kl._KL_REGISTRY.update(items)
    kl._KL_MEMOIZE.clear()  # what it found before for a pair of classes


def _printing(values: dict[str, Any]) -> None:
    vars(_PRINTING).update(values)


def _many() -> Iterator[Switch]:
    deterministic: Callable[[], Any] = torch.are_deterministic_algorithms_enabled
    yield Switch("default dtype", torch.get_default_dtype, torch.set_default_dtype)
    yield Switch("default device", _default_device, torch.set_default_device)
    yield Switch(
        "deterministic algorithms",
        lambda: (deterministic(), torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    )
    yield Switch(
        "anomaly mode",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda value: torch.set_anomaly_enabled(*value),
    )
    yield Switch("gradients", torch.is_grad_enabled, _C._set_grad_enabled)
    yield from _autocasts()
    yield Switch("autocast cache", torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled)
    yield Switch("depth of autocast", _depth, _to_depth)
    yield from of_precision()
    yield from _flags()
    yield from _of_jit()
    yield Switch("hooks of saved tensors", _C._autograd._saved_tensors_hooks_get_disabled_error_message, _allow_saving)
    yield Switch("CUDA's device", _cuda_device, _to_cuda_device)
    yield Switch("denormal numbers", _flushes_denormals, torch.set_flush_denormal)
    yield Switch("threads", torch.get_num_threads, torch.set_num_threads)
    yield Switch("threads between operations", torch.get_num_interop_threads, torch.set_num_interop_threads)
    yield Switch("checks of distributions", lambda: Distribution._validate_args, Distribution.set_default_validate_args)
    yield Switch("distances of distributions", lambda: dict(kl._KL_REGISTRY), _register_kl)
    yield Switch("torch's printing", lambda: dict(vars(_PRINTING)), _printing)
    for owner, name in _found(_ATTRIBUTES):
        if isinstance(owner, PropModule):  # an object in front of a module: what is set in it hides the module's own
            yield of_own_attribute(owner, name)
            yield of_attribute(owner.m, name)
        else:
            yield of_attribute(owner, name)
    for owner, name in _found(_TABLES):
        yield of_table(name, getattr(owner, name))


OF_TORCH: tuple[Switch, ...] = tuple(_many())
