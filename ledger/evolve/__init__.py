"""How each event changes the state of a contract, one module per capability. Nothing here refuses."""
