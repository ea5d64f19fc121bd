"""Learned models as ONNX files with their cards: reading, checking, running them; and the folder that keeps them.

Weights that come with EchoSpine lie in `shipped/` (`spine.onnx`, `spine.json`). onnxruntime is loaded with the first
network, not with this package.
"""

from echospine.adapters.onnx.choosing import Known as Known
from echospine.adapters.onnx.choosing import ModelSettings as ModelSettings
from echospine.adapters.onnx.choosing import card_document as card_document
from echospine.adapters.onnx.choosing import choose as choose
from echospine.adapters.onnx.choosing import folder_of as folder_of
from echospine.adapters.onnx.choosing import known_models as known_models
from echospine.adapters.onnx.choosing import use as use
from echospine.adapters.onnx.model import NetworkModel as NetworkModel
from echospine.adapters.onnx.model import open_network as open_network
from echospine.adapters.onnx.registry import ModelFolder as ModelFolder
from echospine.adapters.onnx.session import Provider as Provider
