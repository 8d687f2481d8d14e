"""The customs' control on the operator's PC (client control of China E-Port), which has the card reader."""
