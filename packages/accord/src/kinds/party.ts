/** `party.*`: credentials and duty keys. They stand in no docket; `record` gives them effect. */
import { z } from 'zod';
import { parseCredentialsBody, parseDelegationBody } from '@comity/record';
import type { CredentialsBody, DelegationBody, JsonValue } from '@comity/record';
import { define } from './definition.ts';

export const credentials = define({
  kind: 'party.credentials',
  opens: null,
  docketTypes: ['party'],
  // The schema is record's own: two descriptions of signed bytes would come apart.
  schema: z.custom<CredentialsBody>((body) => parseCredentialsBody(body as JsonValue).ok),
  level: () => 'root',
  words: (body) =>
    `publishes version ${body.version} of its credentials${body.exercise ? ' (exercise)' : ''}`,
});

export const delegate = define({
  kind: 'party.delegate',
  opens: null,
  docketTypes: ['party'],
  schema: z.custom<DelegationBody>((body) => parseDelegationBody(body as JsonValue).ok),
  level: () => 'solemn',
  words: (body) =>
    'ends' in body
      ? 'ends the delegation of a duty key'
      : `delegates a duty key to ${body.office} until ${body.until}`,
});
