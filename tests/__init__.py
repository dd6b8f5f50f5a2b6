"""The tests; a package so that they can share `synth` and other helpers."""
