/** The other way, for whom a rule lets break some glass: said below everything else, so that nobody takes it for the ordinary one. */
import { context } from '../blocks.js';
import type { Part } from './part.js';

export const glassPart: Part = ({ glass }) =>
  glass ? [context('In an incident that cannot wait for anybody: close this, and type /elevate break-glass')] : [];
