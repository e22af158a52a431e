/** What is said of a Mac. */
import type { MacAdminTarget } from '../../contract/request.js';
import { foreign, strong } from '../say.js';
import type { Words } from './words.js';

export function macWords({ display, serial, localUser }: MacAdminTarget): Words {
  return {
    right: 'admin rights',
    short: 'admin',
    are: 'are',
    end: 'end',
    joint: 'on',
    youHold: 'are an admin',
    holds: 'is an admin',
    becomes: 'becomes an admin',
    thing: 'the Mac',
    fact: [strong('Mac: '), foreign(display), ' (', foreign(serial, 40), '), account ', foreign(localUser, 40)],
    granting: (by) => ['. The Mac must confirm the admin rights', ...by, '; the clock starts then.'],
    meanwhile: (by) => ['Keep the Mac awake and online', ...by, '. The time counts from the moment the Mac confirms.'],
    way: () => ({ says: [['Every sudo command is logged. End it when you are done.']] }),
    tail: () => [],
    collecting: 'Collecting the log.',
    treat: 'Treat this Mac as still elevated',
    check: [
      [
        'What to do: find the Mac and bring it online; look whether ',
        foreign(localUser, 40),
        ' is an admin (System Settings, Users & Groups); if in doubt, lock it through the MDM.',
      ],
    ],
    wakeUp: 'Connect the Mac to the network and leave it awake, or call your IT team.',
    notStarted: 'The Mac did not confirm a start in time',
    unstarted: {
      means: 'It was approved, and until then the Mac was asleep or offline, or its agent did not run.',
      todo: 'Wake the Mac, connect it to the network and ask again. If that ends the same way, call your IT team.',
    },
    neverConfirmed: 'The Mac never confirmed a start.',
    lostContact: 'Contact with the Mac was lost',
    log: {
      from: 'the Mac',
      find: ['What to do: bring the Mac online; it sends what it still has, and that is added here.'],
    },
  };
}
