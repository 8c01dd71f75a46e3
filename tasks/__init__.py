"""One module per DVC stage: read the inputs, call the library, write the outputs."""
