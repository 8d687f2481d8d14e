"""What operators drop and get back: workbooks, CSV and XML read into records, receipt workbooks written."""
