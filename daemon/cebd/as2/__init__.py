"""AS2 (RFC 4130): messages and their receipts (MDN) as bytes. Nothing here sends, listens or keeps anything."""
