"""What a person holds: drawn PDFs, their stamp, printing on official sheets, and reading them back."""
