"""The peers, one file each, with the environment it needs beside it (`NAME.txt`)."""
