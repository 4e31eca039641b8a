"""Everything a checkpoint or a caller can configure, declared once: frozen, validated values."""

from .engine import EngineConfig
from .generation import GenerationConfig
from .json_file import json_text, parse_json, parse_json_object, read_json
from .kind import KINDS, Kind
from .model import ModelConfig, read_checkpoint
from .model_files import LARGEST_PAGE, is_adapter, model_file, model_text
from .modules import Module, expert_path, fused_path
from .options import LoadOptions, SamplingParams
from .published import PublishedQuantization
from .quantization import (
    MODE_DEFAULTS,
    QuantizationConfig,
    QuantizationMode,
    QuantizationSpec,
    packed_spec,
)
from .rope import RopeConfig
from .tensor_headers import FLOATS, TensorInfo, read_infos
from .weight_index import INDEX_NAME, read_weight_map

__all__ = [
    "FLOATS",
    "INDEX_NAME",
    "KINDS",
    "LARGEST_PAGE",
    "MODE_DEFAULTS",
    "EngineConfig",
    "GenerationConfig",
    "Kind",
    "LoadOptions",
    "ModelConfig",
    "Module",
    "PublishedQuantization",
    "QuantizationConfig",
    "QuantizationMode",
    "QuantizationSpec",
    "RopeConfig",
    "SamplingParams",
    "TensorInfo",
    "expert_path",
    "fused_path",
    "is_adapter",
    "json_text",
    "model_file",
    "model_text",
    "packed_spec",
    "parse_json",
    "parse_json_object",
    "read_checkpoint",
    "read_infos",
    "read_json",
    "read_weight_map",
]
