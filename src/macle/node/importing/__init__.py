"""The importing desk: from a certificate that is presented to an import that is confirmed."""
