/** Limits of the importers: hostile files end here, not in memory. Units last. */

/** One data file. The largest real one is a third of a mebibyte. */
export const tableBytesMax = 64 * 1024 * 1024;

/** One record of a table, in UTF-16 code units; also how far an open quotation mark is followed. */
export const recordUnitsMax = 256 * 1024;

/** Rows read from one table. */
export const rowsMax = 100_000;

/** Bad rows reported for one table; after them the rest of the table is not read. */
export const tableErrorsMax = 1_000;

/**
 * RFC 8785 bytes of one `allegation.quote` body: the statement limit of 256 KiB less 16 KiB for the
 * other thirteen members of the statement (64 parents, 64 citations and 64 anchors fit).
 */
export const quoteBodyBytesMax = 240 * 1024;

/** Quoted allegations side by side in one docket. */
export const allegationsMax = 64;

/** Elements of one list cell, all levels counted. */
export const listElementsMax = 1_024;
