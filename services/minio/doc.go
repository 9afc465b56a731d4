// Package minio is the door to the store of recordings: MinIO, or anything else that speaks S3.
//
// The object's key is "<source>/<file name>" and nothing more (see [Key]), since that is all a call row knows of its
// recording: which PBX wrote it and the file's name in the recordingfile column. The directories of the PBX are not part
// of it; Asterisk's names carry date, time and uniqueid themselves.
package minio
