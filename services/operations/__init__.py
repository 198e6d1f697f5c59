"""Operations: the page, API and command line of operators; reads the other services by database roles of its own."""
