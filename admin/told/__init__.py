"""What each page is, in words and schemas: one file for each subject, each with a table by method and path."""
