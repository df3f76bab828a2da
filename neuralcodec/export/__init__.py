"""A preset's networks as graphs for other runtimes, a frame of 20 ms a step: ONNX and LiteRT.

`operations` says of what a graph is made; `steps` turns it into streams with memory; `layers`, `nested` and `cascade`
describe the networks with them, once for all formats; `onnx_graph` and `litert` write what they describe; `folder`
writes everything that a decoder in another language needs. The layers' names and sizes are those of
`architecture.layout`.
"""
