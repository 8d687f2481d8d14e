"""What tests are made of: stations, messages, workbooks, tokens, servers; one module for each noun."""
