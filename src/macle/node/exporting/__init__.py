"""The exporting desk: from an application to a certificate that is on its way and confirmed."""
