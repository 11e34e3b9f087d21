"""Where work and output stand: folders and buckets, behind one protocol of whole files."""
