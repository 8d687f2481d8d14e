"""AS2: messages by HTTP, signed and encrypted, with a signed receipt (MDN) of the partner."""
