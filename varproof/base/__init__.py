"""What every layer shares: verdicts, findings, certificates, errors, exact numbers, tolerances, optional imports."""
