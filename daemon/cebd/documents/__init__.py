"""The operators' files: workbooks, CSV and XML read into records, receipt workbooks written."""
